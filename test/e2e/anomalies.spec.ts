/** Anomalies of the sample scene: scored two ways, the threshold moved, flagged pixels reviewed, undone and written to a file. */
import { expect, type Page, test } from '@playwright/test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launchApp, type RunningApp } from './launch.ts'
import { arrivesAt, goTo, patient, region, setField } from './steps.ts'

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1280, height: 800 })
})
test.afterEach(async () => {
  await running.close()
})

/** Files that the window saves go there, without a dialog. */
const savesTo = ({ app }: RunningApp, folder: string): Promise<void> =>
  app.evaluate(({ session }, folder) => {
    session.defaultSession.on('will-download', (_, item) => item.setSavePath(`${folder}/${item.getFilename()}`))
  }, folder)

async function trainBriefly(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose a model' }).click()
  await page.getByRole('radio', { name: /^Stacked autoencoder/ }).click()
  const settings = region(page, 'Settings of the model')
  await setField(settings, /^Passes over the data, each layer/, '3')
  await setField(settings, /^Passes over the data, fine-tuning/, '2')
  await setField(region(page, 'Kinds of model'), 'Pixels to learn from', '20000')
  await settings.getByRole('button', { name: /^Train/ }).click()
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes and cluster/ }))
}

test('flagged pixels of the sample are reviewed, undone and saved', async () => {
  test.setTimeout(400_000)
  const { page, errors, documents } = running
  await savesTo(running, documents)
  await page.getByRole('button', { name: /^Folded ranges/ }).click()
  await expect(region(page, 'Facts')).toContainText('512 × 512', patient)
  await trainBriefly(page)
  await goTo(page, 'Anomalies')
  await page.getByRole('button', { name: /^Score \d/ }).click()
  const flagged = page.getByRole('listbox', { name: 'Flagged pixels' })
  await expect(flagged.getByRole('option').first()).toBeVisible(patient)

  // Another way to score; both stand side by side.
  await page.getByRole('button', { name: 'Score another way' }).click()
  const inspector = region(page, 'Threshold')
  await inspector.getByLabel('Method').selectOption('Local RX')
  await inspector.getByRole('button', { name: /^Score \d/ }).click()
  const scores = page.getByRole('list', { name: 'Scores' }).getByRole('button')
  await expect(scores).toHaveCount(2, patient)
  await page.getByRole('tab', { name: 'Side by side' }).click()
  await expect(page.getByRole('table', { name: 'Scores side by side' }).getByRole('row')).toHaveCount(1 + 2)
  await page.getByRole('tab', { name: 'Findings' }).click()
  await scores.nth(1).click()
  await expect(scores.nth(1)).toHaveAttribute('aria-pressed', 'true')

  // A lower threshold flags more, by keyboard and by a rule.
  const progress = page.getByText(/^\d+ of [\d\s]+ reviewed$/)
  const count = async (): Promise<number> =>
    Number((await progress.innerText()).replace(/^\d+ of ([\d\s]+) reviewed$/, '$1').replace(/\s/g, ''))
  await expect(progress).toBeVisible(patient)
  const before = await count()
  await inspector.getByRole('slider', { name: 'Threshold' }).focus()
  await page.keyboard.press('ArrowLeft')
  await expect.poll(count, patient).toBeGreaterThan(before)
  await expect(inspector.getByLabel('Threshold by')).toHaveValue('hand')
  await inspector.getByLabel('Threshold by').selectOption('Percentile of held-out pixels')
  await setField(inspector, 'Percentile, value', '99.8')
  await expect.poll(count, patient).toBeLessThan(before)
  // Extreme values on finished scores; undone, the percentile counts again.
  await inspector.getByLabel('Threshold by').selectOption('Extreme values')
  await expect(inspector).toContainText('profile likelihood of the tail', patient)
  await page.keyboard.press('Control+z')
  await expect(inspector.getByLabel('Threshold by')).toHaveValue('percentile', patient)

  // Three verdicts by keyboard; one is undone.
  await flagged.focus()
  await page.keyboard.press('y')
  await page.keyboard.press('n')
  await page.keyboard.press('y')
  await expect(progress).toHaveText(/^3 of /)
  await expect(flagged.getByRole('option').nth(1)).toContainText('dismissed')
  await expect(page.getByRole('img', { name: /^Before and after/ })).toContainText('after', patient)
  await page.keyboard.press('Control+z')
  await expect(progress).toHaveText(/^2 of /)
  await page.getByRole('combobox', { name: 'Which pixels are listed' }).selectOption('Dismissed')
  await expect(flagged.getByRole('option')).toHaveCount(1)
  await page.getByRole('combobox', { name: 'Which pixels are listed' }).selectOption('All flagged')

  // A comment, and the list as a file.
  await flagged.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('c')
  await page.keyboard.type('quartz vein')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Save the list as CSV' }).click()
  const written = (): string[] => {
    const found = readdirSync(documents).find((entry) => entry.endsWith('-flagged.csv'))
    return found ? readFileSync(join(documents, found), 'utf8').trim().split('\r\n') : []
  }
  await expect.poll(() => written().length, patient).toBe(1 + (await count()))
  const [head, first, second] = written()
  expect(head).toMatch(/^row index,x,y,score,p,confidence,column 1,share 1,value 1,expected 1,/)
  expect(first).toMatch(/,confirmed,quartz vein$/)
  expect(second).toMatch(/,dismissed,$/)

  // Touching pixels are objects, each a place on the map.
  await page.getByRole('tab', { name: 'Objects' }).click()
  const objects = page.getByRole('table', { name: 'Objects' })
  await expect(objects.getByRole('row').nth(1)).toBeVisible(patient)
  await objects.getByRole('row').nth(1).click()
  await page.keyboard.press('y')
  await expect(objects.getByRole('row').nth(1)).toContainText('confirmed')

  // The scene has not drifted from itself.
  await page.getByRole('tab', { name: 'Drift' }).click()
  await page.getByRole('button', { name: 'Look for drift' }).click()
  await expect(page.getByRole('table', { name: 'What moved' })).toBeVisible(patient)
  await expect(region(page, 'What is compared')).toContainText('Dataset')
  await goTo(page, 'Compare')
  await expect(region(page, 'What to compare').getByText(/drift$/)).toHaveCount(0)
  expect(errors).toEqual([])
})
