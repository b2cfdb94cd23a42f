/** What a training has to say beside its result, and where it computes: warnings with their remedy, device and threads of a project. */
import { expect, test } from '@playwright/test'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerSaveDialog, launchApp, type RunningApp } from './launch.ts'
import { arrivesAt, chooseFile, finishImport, goTo, makeProject, patient, region, setField } from './steps.ts'

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1280, height: 800 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

/** A table of curves with two columns that never change. */
async function importPlants({ documents, page }: RunningApp): Promise<void> {
  const path = join(documents, 'plants.csv')
  const rows = Array.from({ length: 400 }, (_, i) => [Math.sin(i), Math.cos(i / 3), Math.sin(i) ** 2, 5, i % 7, 1].join(','))
  writeFileSync(path, `length,width,mass,flat,leaves,site\n${rows.join('\n')}\n`)
  await makeProject(running, 'plants')
  await chooseFile(running, path)
  await finishImport(page, 'table')
  await page.getByRole('button', { name: 'Choose a model' }).click()
}

test('columns that never change are named after training and left out of the next with one press; the model leaves as ONNX', async () => {
  test.setTimeout(240_000)
  const { app, page, errors, documents } = running
  await importPlants(running)
  await page.getByRole('radio', { name: /^Autoencoder/ }).click()
  const settings = region(page, 'Settings of the model')
  await setField(settings, /^Passes over the data/, '5')
  await settings.getByRole('button', { name: /^Train/ }).click()
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes/ }))
  const warnings = page.getByRole('region', { name: 'Warnings' })
  await expect(warnings).toContainText('flat, site never change')
  await expect(region(page, 'Runs').getByRole('img', { name: '1 warning' })).toBeVisible()

  await warnings.getByRole('button', { name: 'Leave 2 out' }).click()
  await expect(region(page, 'Kinds of model')).toContainText('Left out: flat, site')
  await page.getByRole('button', { name: '4 of 6…' }).click()
  const columns = page.getByRole('dialog', { name: 'Columns to learn from' })
  await expect(columns.getByRole('checkbox', { name: 'flat' })).not.toBeChecked()
  await expect(columns.getByRole('checkbox', { name: 'leaves' })).toBeChecked()
  await page.keyboard.press('Escape')
  await expect(columns).toBeHidden()
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('img', { name: /^Error by column/ })).toBeVisible(patient)
  await expect(warnings).toBeHidden()

  await goTo(page, 'Export')
  await page.getByRole('checkbox', { name: /^ONNX/ }).first().check()
  await page.getByRole('radio', { name: 'Prepared' }).click()
  await answerSaveDialog(app, join(documents, 'plants-model.onnx'))
  await page.getByRole('button', { name: /^Export 2 files/ }).click()
  await expect(region(page, 'Exports so far')).toContainText('plants-model.decoder.onnx', patient)
  expect(readdirSync(documents)).toEqual(expect.arrayContaining(['plants-model.encoder.onnx', 'plants-model.decoder.onnx']))
  expect(errors).toEqual([])
})

test('device and threads are measured, chosen, and found again when the project is opened', async () => {
  test.setTimeout(240_000)
  await importPlants(running)
  const { page, errors } = running
  await page.getByRole('button', { name: 'Change where it runs' }).click()
  const devices = page.getByRole('table', { name: 'Devices' })
  await expect(devices.getByRole('radio', { name: /^Processor/ })).toBeChecked()
  await page.getByRole('button', { name: 'Measure speed' }).click()
  await expect(devices).toContainText('GFLOP/s', patient)
  const threads = page.getByRole('spinbutton', { name: 'Processor threads, value' })
  const cores = Number(/of (\d+) core/.exec(await page.getByRole('main').innerText())?.[1])
  await expect(threads).toHaveValue(String(Math.max(1, cores - 1)))
  // With a single core there is nothing to choose.
  if (cores > 1) await threads.fill(String(cores))
  await devices.getByRole('radio', { name: 'Automatic' }).check()
  await goTo(page, 'Model')
  await expect(region(page, 'Settings of the model')).toContainText('The fastest device')

  await running.close({ keepProfile: true })
  expect(errors).toEqual([])
  running = await launchApp({ userData: running.userData, width: 1280, height: 800 })
  await running.page.getByRole('button', { name: 'plants', exact: true }).click()
  await goTo(running.page, 'Settings')
  const again = running.page.getByRole('table', { name: 'Devices' })
  await expect(again.getByRole('radio', { name: 'Automatic' })).toBeChecked(patient)
  await expect(running.page.getByRole('spinbutton', { name: 'Processor threads, value' })).toHaveValue(String(cores))
  expect(running.errors).toEqual([])
})
