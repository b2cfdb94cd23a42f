/** Cells whose classes, scores and plane go into one file for scanpy. */
import { expect, test } from '@playwright/test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openH5 } from '../../src-main/engine/data/hdf5/file.ts'
import { tinyData } from '../helpers/everyKind.ts'
import { answerSaveDialog, launchApp, type RunningApp } from './launch.ts'
import { stratum } from './projects.ts'
import { goTo, patient, region } from './steps.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-anndata-'))
let running: RunningApp

test.beforeAll(async () => {
  test.setTimeout(300_000)
  const project = join(folder, 'cells.stratum')
  await stratum(
    ['new', project],
    ['import', project, tinyData('cells', folder).path, '--name', 'blood'],
    ['train', project, '1', '--model', 'pca', '--set', 'components=3', '--name', 'axes'],
    ['encode', project, 'axes'],
    ['cluster', project, 'axes codes', '--method', 'k-means', '--set', 'k=3', '--name', 'types'],
    ['embed', project, 'axes codes', '--name', 'plane'],
    ['score', project, 'axes codes', '--name', 'odd ones'],
  )
  running = await launchApp({ width: 1280, height: 800, args: [project] })
})
test.afterAll(async () => {
  await running?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('everything of the cells that is ticked for AnnData is written into one file', async () => {
  const { app, page, errors } = running
  await goTo(page, 'Export')
  const files = region(page, 'Files to be written')
  // What is usual of cells: classes, scores and the plane.
  await expect(files).toContainText('blood.h5ad', patient)
  await expect(page.getByRole('button', { name: /^Export 1 file/ })).toBeEnabled()
  const ticked = page.getByRole('checkbox', { name: /^AnnData/ })
  await expect(ticked).toHaveCount(4)
  await expect(page.getByRole('checkbox', { name: /^AnnData/, checked: true })).toHaveCount(3)
  const withMatrix = await page.getByRole('button', { name: /^Export 1 file/ }).textContent()
  await files.getByRole('radio', { name: 'Results only' }).click()
  await expect(page.getByRole('button', { name: /^Export 1 file/ })).not.toHaveText(String(withMatrix))
  const path = join(folder, 'blood.h5ad')
  await answerSaveDialog(app, path)
  await page.getByRole('button', { name: /^Export 1 file/ }).click()
  await expect(region(page, 'Exports so far')).toContainText('blood.h5ad', patient)
  expect(existsSync(path)).toBe(true)
  const file = await openH5(path)
  try {
    expect(file.keys('/')).not.toContain('X')
    expect(file.keys('obsm')).toEqual(['X_latent', 'X_pca'])
    expect(file.keys('obs')).toEqual(expect.arrayContaining(['types', 'odd ones score', 'odd ones flagged']))
  } finally {
    file.close()
  }
  expect(errors).toEqual([])
})
