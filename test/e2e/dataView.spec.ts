/** Data before and after it comes in: options that read anew, types, the examination with its fixes, cells and their thresholds. */
import { expect, test } from '@playwright/test'
import { existsSync } from 'node:fs'
import { sharedData } from '../helpers/sharedData.ts'
import { answerOpenDialog, launchApp, type RunningApp } from './launch.ts'
import { colourCount } from './picture.ts'
import { chooseFile, finishImport, makeProject, patient, region, setField } from './steps.ts'

const air = sharedData('tabular/uci/AirQualityUCI_bom_isodate.csv')
const cells = sharedData('singlecell/scvi/pbmc_5k_protein_v3.h5ad')
const landsat = sharedData('raster/gdalcubes_l8ny/LC08_014032_20180903/LC08_L1TP_014032_20180903_B')

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1280, height: 800 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

test('a hidden missing value is found, and read as missing with one press', async () => {
  test.setTimeout(240_000)
  test.skip(!existsSync(air), `there is no ${air}`)
  const { page, errors } = running
  await makeProject(running, 'air')
  await chooseFile(running, air)
  await expect(page.getByRole('table', { name: 'First rows' })).toContainText('2004-03-10', patient)
  await finishImport(page, 'table')
  await region(page, 'Facts').getByRole('button', { name: 'Examine' }).click()
  const findings = page.getByRole('list', { name: 'What the examination found' })
  await expect(findings).toContainText('−200 stands far from all other values', patient)

  await page.getByRole('tab', { name: 'Columns' }).click()
  await page.getByLabel('Find a column').fill('missing?')
  await expect(page.getByText('13 found')).toBeVisible()
  await page.getByLabel('Find a column').fill('')
  await page.getByRole('tab', { name: 'Correlation' }).click()
  const map = page.getByRole('group', { name: /^Pearson’s r/ })
  await expect.poll(() => colourCount(map), patient).toBeGreaterThan(20)
  await map.focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(map.locator('[aria-live]')).toContainText(/: −?\d\.\d\d/)

  await findings.getByRole('button', { name: 'Read −200 as missing' }).click()
  const columns = page.getByRole('table', { name: 'Columns of the file' })
  await expect(columns.getByRole('row', { name: /NMHC\(GT\)/ })).toContainText('90', patient)
  await finishImport(page, 'table')
  await page.getByRole('tab', { name: 'Missing' }).click()
  await page
    .getByRole('button', { name: /^Examine/ })
    .first()
    .click()
  await expect(page.getByRole('table', { name: 'What is missing together' })).toBeVisible(patient)
  expect(errors).toEqual([])
})

test('the type of a column is set before the table comes in', async () => {
  test.skip(!existsSync(air), `there is no ${air}`)
  const { page, errors } = running
  await makeProject(running, 'types')
  await chooseFile(running, air)
  const type = page.getByLabel('Type of NO2(GT)')
  await expect(type).toBeVisible(patient)
  await type.selectOption('text')
  await expect(page.getByRole('definition').filter({ hasText: 'NO2(GT)' })).toBeVisible(patient)
  expect(errors).toEqual([])
})

test('cells are judged, and the thresholds go to the prepare step', async () => {
  test.setTimeout(240_000)
  test.skip(!existsSync(cells), `there is no ${cells}`)
  const { page, errors } = running
  await makeProject(running, 'cells')
  await chooseFile(running, cells)
  await finishImport(page, 'cells')
  await page.getByRole('tab', { name: 'Quality' }).click()
  await page
    .getByRole('button', { name: /^Examine/ })
    .first()
    .click()
  await expect(page.getByRole('img', { name: /^Scatter of counts against genes of 200 cells/ })).toBeVisible(patient)
  await expect(page.getByRole('img', { name: /^Counts by rank/ })).toBeVisible()
  const limits = page.getByRole('group', { name: 'Thresholds' })
  await setField(limits, 'Genes, at least', '1500')
  await expect(limits).toContainText(/Keeps \d+(\.\d)?\s?%/)
  await limits.getByRole('button', { name: 'Use in Prepare' }).click()
  await expect(limits.getByRole('button', { name: 'Used in Prepare' })).toBeDisabled()
  await page.getByRole('tab', { name: 'Genes' }).click()
  await page.getByLabel('Find a gene').fill('MT-ND1')
  await expect(page.getByRole('heading', { name: /genes$/ })).toBeVisible()
  await page.getByRole('tab', { name: 'Genes' }).press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('tab', { name: 'Quality' })).toHaveAttribute('aria-selected', 'true')
  expect(errors).toEqual([])
})

test('files of one scene, one per band, come in as a stack', async () => {
  test.setTimeout(180_000)
  const bands = [2, 3, 4].map((band) => `${landsat}${band}.TIF`)
  test.skip(!bands.every(existsSync), `there is no ${bands[0]}`)
  const { app, page, errors } = running
  await makeProject(running, 'stack')
  await answerOpenDialog(app, bands)
  await page.getByRole('button', { name: 'Choose a file…' }).click()
  await expect(page.getByRole('radio', { name: '3 as one stack' })).toHaveAttribute('aria-checked', 'true', patient)
  await expect(page.getByRole('img', { name: /^The scene in/ })).toBeVisible(patient)
  await expect(page.getByRole('table', { name: 'Columns of the file' }).getByRole('row')).toHaveCount(4)
  await page.getByRole('radio', { name: 'Each alone' }).click()
  await expect(page.getByText('2 more waiting')).toBeVisible()
  await expect(page.getByRole('table', { name: 'Columns of the file' }).getByRole('row')).toHaveCount(2, patient)
  await page.getByRole('radio', { name: '3 as one stack' }).click()
  await finishImport(page, 'scene')
  await expect(region(page, 'Facts')).toContainText('Stack of rasters')
  expect(errors).toEqual([])
})
