/**
 * Every model of the gallery on every kind of data that it claims, trained by pressing the buttons, with the preset that the window offers
 * and few passes.
 */
import { expect, test } from '@playwright/test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ModelDefinition } from '../../src-main/engine/models/define.ts'
import { pairs, type TinyKind, tinyData, tinyKinds } from '../helpers/everyKind.ts'
import { launchApp, type RunningApp } from './launch.ts'
import { arrivesAt, chooseFile, finishImport, goTo, makeProject, region, setField } from './steps.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-gallery-'))
test.afterAll(() => rmSync(folder, { recursive: true }))

const noun: Readonly<Record<TinyKind, Parameters<typeof finishImport>[1]>> = {
  table: 'table',
  counts: 'table',
  raster: 'scene',
  cells: 'cells',
  embedding: 'vectors',
  series: 'series',
}

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1440, height: 900 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

/** Few passes over the data, in whatever fields the form has for them. */
async function fewPasses({ params }: ModelDefinition): Promise<void> {
  const form = region(running.page, 'Settings of the model')
  for (const name of ['epochs', 'layerEpochs', 'fineTuneEpochs'].filter((name) => name in params.shape)) {
    const { title } = params.shape[name].meta() as { title: string }
    const field = form.getByRole('spinbutton', { name: new RegExp(`^${title}`) })
    if (await field.isVisible()) await setField(form, new RegExp(`^${title}`), '3')
  }
}

async function importTiny(kind: TinyKind): Promise<void> {
  const { page } = running
  const { path, options } = tinyData(kind, folder)
  await makeProject(running, kind)
  await chooseFile(running, path)
  if (kind === 'series') {
    await page.getByLabel('One row is').selectOption('series')
    const reading = region(page, 'Import settings')
    await setField(reading, /^Window length/, `${options['series.length']}`)
    await setField(reading, /^Step between windows/, `${options['series.stride']}`)
  }
  await finishImport(page, noun[kind])
}

for (const kind of tinyKinds) {
  const claimed = pairs.filter(([, , , tiny]) => tiny === kind).map(([, , model]) => model)
  test(`${kind}: ${claimed.length === 1 ? 'the only model is' : `${claimed.length} models are`} trained from the gallery, and the codes of the last computed`, async () => {
    test.setTimeout(600_000)
    const { page, errors } = running
    await importTiny(kind)
    const runs = page.getByRole('radiogroup', { name: 'Runs' }).getByRole('radio')
    const settings = region(page, 'Settings of this run')
    for (const [i, model] of claimed.entries()) {
      const { id, title } = model
      await test.step(id, async () => {
        await goTo(page, 'Model')
        const card = page.getByRole('radiogroup', { name: 'Models' }).locator('button', { has: page.getByText(title, { exact: true }) })
        await card.click()
        await expect(card).toHaveAttribute('aria-checked', 'true')
        await fewPasses(model)
        await region(page, 'Settings of the model')
          .getByRole('button', { name: /^Train/ })
          .click()
        await arrivesAt(page, settings.getByRole('heading', { name: 'What follows' }))
        await expect(runs).toHaveCount(i + 1)
        await expect(settings.getByRole('definition').filter({ hasText: title }).first()).toBeVisible()
      })
    }
    await settings.getByRole('checkbox', { name: /^Cluster/ }).uncheck()
    await settings.getByRole('button', { name: /^Compute codes/ }).click()
    await arrivesAt(page, settings.getByRole('button', { name: /^Show the codes/ }))
    expect(errors).toEqual([])
  })
}
