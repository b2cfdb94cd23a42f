/** Several settings and seeds as one job, the step size looked for, a run gone on with: as a user does it, by clicks and keys. */
import { expect, test } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeTable } from '../helpers/tableFile.ts'
import { launchApp } from './launch.ts'
import { arrivesAt, chooseFile, finishImport, goTo, makeProject, patient, region, setField } from './steps.ts'

const shots = fileURLToPath(new URL('../../test-results/shots/', import.meta.url))

test('try a range, find the step size, go on and start from a run', async () => {
  test.setTimeout(600_000)
  const running = await launchApp({ width: 1440, height: 900 })
  const { app, page, documents, errors } = running
  /** Only where pictures are wanted: at both sizes, light and dark. */
  async function shoot(name: string, looks: readonly string[] = ['light', 'dark']): Promise<void> {
    if (!process.env.STRATUM_SCREENSHOTS) return
    mkdirSync(shots, { recursive: true })
    const theme = page.getByRole('button', { name: /^(Light|Dark) theme$/ })
    for (const look of looks) {
      for (const [width, height] of [
        [1280, 800],
        [1440, 900],
      ] as const) {
        await app.evaluate(({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0].setContentSize(size[0], size[1]), [width, height])
        await page.mouse.move(720, 14)
        await page.waitForTimeout(600)
        await page.screenshot({ path: `${shots}${name}-${look}-${width}.png`, animations: 'disabled' })
      }
      if (looks.length > 1) await theme.click()
    }
  }

  await makeProject(running, 'ranges')
  await chooseFile(running, writeTable(join(documents, 'springs.csv'), 900))
  await finishImport(page, 'table')
  await goTo(page, 'Model')
  await page.getByRole('radio', { name: /^Autoencoder/ }).click()
  const settings = region(page, 'Settings of the model')
  // Sizes are chosen for the data, and what it costs is said beside the button.
  await expect(settings).toContainText('Chosen for 6 columns', patient)
  await setField(settings, 'Passes over the data', '8')
  await expect(settings).toContainText(/About\s+\d/, patient)

  await settings.getByRole('button', { name: 'Find the step size' }).click()
  const use = settings.getByRole('button', { name: /^Use 0/ })
  await arrivesAt(page, use)
  await use.scrollIntoViewIfNeeded()
  await shoot('step-sizes')
  await use.click()
  await expect(settings.getByRole('button', { name: /is used$/ })).toBeDisabled()
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click()
  await expect(use).toBeEnabled()

  await settings.getByRole('button', { name: 'Try a range…' }).click()
  await settings.getByLabel('Vary a setting').selectOption({ label: 'Numbers per row (code)' })
  await settings.getByLabel('Values of Numbers per row (code)').fill('1, 2')
  await settings.getByLabel('Vary another setting').selectOption({ label: 'Step size' })
  await settings.getByLabel('Values of Step size').fill('0.001, 0.01, nought')
  await settings.getByLabel('Values of Step size').press('Enter')
  await expect(settings.getByRole('alert')).toContainText('Numbers')
  await settings.getByLabel('Values of Step size').fill('0.001, 0.01, 0.03')
  await settings.getByLabel('Values of Step size').press('Enter')
  await setField(settings, 'Seeds', '2')
  await settings.getByRole('button', { name: 'Leave Step size as it is' }).click()
  await settings.getByRole('button', { name: 'Undo' }).click()
  await shoot('range-panel')
  await page.keyboard.press('Control+Enter')

  const table = page.getByRole('table', { name: 'Settings by error' })
  await expect(table.locator('tbody tr').first()).toBeVisible(patient)
  await shoot('range-running')
  await arrivesAt(page, page.getByRole('main').getByText('12 runs', { exact: true }))
  await expect(table.locator('tbody tr')).toHaveCount(6)
  await shoot('range-done')
  const inspector = region(page, 'Settings of this run')
  await expect(inspector).toContainText('Best setting')
  await table.locator('tbody tr').last().click()
  await expect(inspector).toContainText('Setting')
  await table.locator('tbody tr').first().click()
  await inspector.getByRole('button', { name: 'Use these settings' }).click()
  await expect(settings.getByRole('button', { name: 'Train' })).toBeVisible(patient)
  await goTo(page, 'Train')
  await inspector.getByRole('button', { name: 'Show its run' }).click()
  await expect(inspector).toContainText('How it learns', patient)

  await inspector.getByRole('button', { name: 'More for this run' }).click()
  await page.getByRole('menuitem', { name: 'Go on for more passes…' }).click()
  await setField(page.getByRole('dialog'), 'More passes', '4')
  // A dialog covers the button of the theme.
  await shoot('go-on', ['light'])
  await page.getByRole('dialog').getByRole('button', { name: 'Train 4 more' }).click()
  await expect(inspector.getByRole('table')).toContainText('12', patient)
  await expect(page.getByText('ran to its end')).toBeVisible(patient)
  await inspector.getByRole('button', { name: 'More for this run' }).click()
  await page.getByRole('menuitem', { name: 'Start from this run' }).click()
  await expect(settings).toContainText('Starts from')
  await shoot('starts-from')
  await settings.getByRole('button', { name: 'Start anew' }).click()
  await expect(settings).not.toContainText('Starts from')
  expect(errors).toEqual([])
  await running.close()
})
