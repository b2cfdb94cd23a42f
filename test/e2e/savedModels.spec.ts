/** Models as files: exported as weights and for SAELens, loaded again from either, and what is said of a file that is none. */
import { expect, test } from '@playwright/test'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOpenDialog, answerSaveDialog, launchApp, type RunningApp } from './launch.ts'
import { arrivesAt, chooseFile, finishImport, goTo, makeProject, patient, region, setField } from './steps.ts'

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1280, height: 800 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

test('a dictionary is exported, loaded from both of its forms, and a file that is no model is refused', async () => {
  test.setTimeout(300_000)
  const { app, page, errors, documents } = running
  const table = join(documents, 'plants.csv')
  const rows = Array.from({ length: 300 }, (_, i) => [Math.sin(i), Math.cos(i / 3), Math.sin(i) ** 2, i % 7].join(','))
  writeFileSync(table, `length,width,mass,leaves\n${rows.join('\n')}\n`)
  await makeProject(running, 'plants')
  await chooseFile(running, table)
  await finishImport(page, 'table')
  await page.getByRole('button', { name: 'Choose a model' }).click()
  await page.getByRole('radio', { name: /^Sparse autoencoder \(TopK\)/ }).click()
  const settings = region(page, 'Settings of the model')
  await setField(settings, /^Passes over the data/, '4')
  await settings.getByRole('button', { name: /^Train/ }).click()
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes/ }))

  await goTo(page, 'Export')
  await page.getByRole('checkbox', { name: /^Weights/ }).check()
  await page.getByRole('checkbox', { name: /^SAELens/ }).check()
  await expect(region(page, 'Files to be written')).toContainText('plants-saelens/cfg.json')
  await answerSaveDialog(app, join(documents, 'plants-model.safetensors'))
  await page.getByRole('button', { name: /^Export 4 files/ }).click()
  await expect(region(page, 'Exports so far')).toContainText('cfg.json', patient)
  expect(readdirSync(documents)).toEqual(expect.arrayContaining(['plants-model.safetensors', 'plants-model.json', 'plants-saelens']))
  expect(readdirSync(join(documents, 'plants-saelens')).sort()).toEqual(['cfg.json', 'sae_weights.safetensors'])

  await goTo(page, 'Model')
  const load = page.getByRole('button', { name: /^Load a model/ })
  writeFileSync(join(documents, 'notes.json'), '{ "format": "notes" }')
  await answerOpenDialog(app, [join(documents, 'notes.json')])
  await load.click()
  const alert = page.getByRole('main').getByRole('alert')
  await expect(alert).toContainText('The model could not be loaded', patient)

  await answerOpenDialog(app, [join(documents, 'plants-model.safetensors')])
  await alert.getByRole('button', { name: 'Choose…' }).click()
  await expect(page.getByText('loaded from a file')).toBeVisible(patient)
  await expect(region(page, 'Settings of this run')).toContainText('plants-model.safetensors')

  await goTo(page, 'Model')
  await answerOpenDialog(app, [join(documents, 'plants-saelens', 'cfg.json')])
  await load.click()
  await expect(region(page, 'Settings of this run')).toContainText('plants-saelens', patient)
  await page.getByRole('button', { name: /^Compute codes/ }).click()
  await expect(page.getByRole('button', { name: 'Show the codes' })).toBeVisible(patient)
  expect(errors).toEqual([])
})
