/** Looking into a trained dictionary: its features, their names, and the report of the model. */
import { expect, test } from '@playwright/test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchApp, type RunningApp } from './launch.ts'
import { stratum } from './projects.ts'
import { arrivesAt, goTo, patient, region } from './steps.ts'

test.describe.configure({ mode: 'serial' })

let folder: string
let running: RunningApp
test.beforeAll(async () => {
  test.setTimeout(400_000)
  folder = mkdtempSync(join(tmpdir(), 'stratum-latents-'))
  const project = join(folder, 'dictionary.stratum')
  await stratum(
    ['new', project],
    ['sample', project, join(folder, 'sample')],
    ['train', project, '1', '--model', 'sae-topk', '--preset', 'scene', '--set', 'epochs=2', '--name', 'dictionary'],
    ['encode', project, 'dictionary'],
  )
  running = await launchApp({ width: 1280, height: 800, args: [project] })
})
test.afterAll(async () => {
  await running?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('features are listed, found, named, and the name can be taken back', async () => {
  const { page } = running
  await goTo(page, 'Latents')
  await page.getByRole('tab', { name: 'Features' }).click()
  await page.getByRole('button', { name: /^Read the features/ }).click()
  const list = page.getByRole('listbox', { name: 'Features' })
  await arrivesAt(page, list.getByRole('option').first())
  await expect(list.getByRole('option').first()).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('heading', { name: /^Where \d+ fires$/ })).toBeVisible(patient)

  // The next by the keyboard, wherever the pointer is.
  const heading = region(page, 'About the feature').getByRole('heading', { level: 2 })
  const first = await heading.innerText()
  await page.keyboard.press(']')
  await expect(heading).not.toHaveText(first, patient)
  await page.keyboard.press('[')
  await expect(heading).toHaveText(first, patient)

  const name = page.getByRole('textbox', { name: /^Name of feature/ })
  await name.fill('bright sand')
  await name.press('Enter')
  await expect(list.getByText('bright sand')).toBeVisible(patient)
  await page.getByRole('textbox', { name: 'Find a feature' }).fill('sand')
  await expect(list.getByRole('option')).toHaveCount(1, patient)
  await page.getByRole('textbox', { name: 'Find a feature' }).fill('')
  await page.getByRole('button', { name: /^Undo/ }).click()
  await expect(name).toHaveValue('', patient)
})

test('a range drawn on the histogram filters the list, and a double click shows all again', async () => {
  const { page } = running
  const count = page.getByText(/^\d+ of 64$/)
  const all = await count.innerText()
  const plot = page.getByRole('img', { name: /^Histogram of Features/ })
  const box = await plot.boundingBox()
  if (!box) throw new Error('The histogram has no place on the screen.')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width * 0.75, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.95, y, { steps: 6 })
  await page.mouse.up()
  await expect(count).not.toHaveText(all, patient)
  await expect(page.getByRole('slider', { name: /, from$/ })).toBeVisible()
  await page.mouse.dblclick(box.x + box.width * 0.4, y)
  await expect(count).toHaveText(all, patient)
})

test('the report holds a model beside PCA, and varies one number of its code', async () => {
  const { page, errors } = running
  await page.getByRole('tab', { name: 'Report' }).click()
  await page.getByRole('button', { name: /^Make the report/ }).click()
  const found = region(page, 'What the report found')
  await arrivesAt(page, found.getByText('Explained variance'))
  await expect(found).toContainText('held out from training')
  await expect(page.getByRole('heading', { name: /^Code \d+ from low to high$/ })).toBeVisible(patient)
  await page
    .getByRole('radio', { name: 'Worst' })
    .or(page.getByRole('button', { name: 'Worst' }))
    .first()
    .click()
  await expect(page.getByText(/^pixel .*, error .*, PCA /)).toBeVisible(patient)
  expect(errors).toEqual([])
})
