/** The main job by mouse: a scene comes in, a model learns from it, its codes are grouped, and the map leaves as a file GDAL reads. */
import { expect, type Locator, type Page, test } from '@playwright/test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gdalinfo, gdalPixels, gdalText, hasGdal } from '../helpers/gdal.ts'
import { sharedData } from '../helpers/sharedData.ts'
import { answerSaveDialog, launchApp, type RunningApp } from './launch.ts'
import { colourCount, shareOf } from './picture.ts'
import { arrivesAt, chooseFile, dropFiles, finishImport, goTo, makeProject, patient, region, setField } from './steps.ts'

const scene = sharedData('raster/stars/L7_ETMs.tif')
const className = 'Mangrove'
const colour = '#118833'

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1440, height: 900 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

/** Begins to train the stacked model with few passes over the data. */
async function trainBriefly(page: Page, { rows, layer, tuning }: { rows?: string; layer: string; tuning: string }): Promise<void> {
  await page.getByRole('button', { name: 'Choose a model' }).click()
  await page.getByRole('radio', { name: /^Stacked autoencoder/ }).click()
  const settings = region(page, 'Settings of the model')
  await setField(settings, /^Passes over the data, each layer/, layer)
  await setField(settings, /^Passes over the data, fine-tuning/, tuning)
  if (rows) await setField(region(page, 'Kinds of model'), 'Pixels to learn from', rows)
  await settings.getByRole('button', { name: /^Train/ }).click()
}

const flaggedCount = (page: Page): Locator =>
  page
    .getByText(/pixels flagged/)
    .locator('..')
    .locator('.flag')

/** Drags the line in the histogram of the scores sideways. */
async function dragThreshold(page: Page, by: number): Promise<void> {
  const box = await page.getByRole('slider', { name: 'Threshold' }).locator('circle').boundingBox()
  if (!box) throw new Error('The threshold has no handle to drag.')
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x + by, y, { steps: 4 })
  await page.mouse.up()
}

/** Both files lie on the grid of the scene; the classes have its names, colours and the share the legend said. */
function expectMapLikeItsScene(classes: string, scores: string, firstShare: string): void {
  const source = gdalinfo(scene)
  for (const path of [classes, scores]) {
    const made = gdalinfo(path)
    expect(made.size).toEqual(source.size)
    expect(made.geoTransform).toEqual(source.geoTransform)
    expect(made.coordinateSystem?.wkt).toContain('ID["EPSG",31985]')
  }
  const [band] = gdalinfo(classes).bands
  expect(band).toMatchObject({ type: 'Byte', noDataValue: 0 })
  expect(band.colorTable?.entries[1]).toEqual([0x11, 0x88, 0x33, 255])
  expect(gdalText(classes)).toMatch(new RegExp(`1: ${className}`))
  expect(gdalinfo(scores).bands[0].type).toBe('Float32')
  expect(gdalinfo(scores).bands[0].noDataValue).toBeDefined()
  const pixels = gdalPixels(classes, Uint8Array, source.size[0] * source.size[1])
  const first = pixels.reduce((sum, id) => sum + Number(id === 1), 0)
  expect(((100 * first) / pixels.length).toFixed(1)).toBe(firstShare)
}

test('a scene from the file chooser becomes a map that GDAL reads, and all of it survives a new start', async () => {
  test.setTimeout(400_000)
  test.skip(!existsSync(scene), `there is no ${scene}`)
  const { app, page, errors, documents } = running
  await makeProject(running, 'coast')

  await test.step('import', async () => {
    await chooseFile(running, scene)
    await expect(page.getByRole('table', { name: 'Columns of the file' })).toBeVisible(patient)
    await expect(page.getByText('SIRGAS 2000 / UTM zone 25S')).toBeVisible()
    await finishImport(page, 'scene')
    await expect(region(page, 'Facts')).toContainText('349 × 352')
  })

  const composite = page.getByRole('main').locator('canvas').first()
  await test.step('look at bands, contrast and a pixel', async () => {
    await expect.poll(() => colourCount(composite), patient).toBeGreaterThan(500)
    const before = await composite.screenshot()
    await page.getByLabel('Red', { exact: true }).selectOption({ index: 3 })
    await expect.poll(async () => (await composite.screenshot()).equals(before), patient).toBe(false)
    const recoloured = await composite.screenshot()
    await page.getByRole('radiogroup', { name: 'Contrast stretch' }).getByRole('radio', { name: 'Min, max' }).click()
    await expect.poll(async () => (await composite.screenshot()).equals(recoloured), patient).toBe(false)
    await expect(page.getByRole('img', { name: /^Histogram of/ })).toBeVisible()
    await composite.click({ position: { x: 300, y: 200 } })
    await expect(page.getByRole('img', { name: /A/ }).last()).toBeVisible()
    await expect(page.getByText('picked pixels, mean of 3 × 3')).toBeVisible()
  })

  await test.step('train, pause, go on', async () => {
    // Long enough to be paused.
    await trainBriefly(page, { layer: '40', tuning: '20' })
    const training = page.getByRole('main', { name: 'Training' })
    await training.getByRole('button', { name: 'Pause' }).click(patient)
    await expect(training.getByRole('button', { name: 'Go on' })).toBeVisible(patient)
    await expect(training.getByText('Paused', { exact: true })).toBeVisible()
    await training.getByRole('button', { name: 'Go on' }).click()
    await arrivesAt(page, page.getByRole('button', { name: /^Compute codes and cluster/ }))
  })

  await test.step('codes, clusters and scores', async () => {
    await page.getByRole('button', { name: /^Compute codes and cluster/ }).click()
    await arrivesAt(page, page.getByText('Last: Score anomalies', { exact: false }))
    await goTo(page, 'Latents')
    await expect(page.getByRole('table', { name: 'Classes' })).toBeVisible(patient)
    const points = page.getByRole('application', { name: /^Points/ }).locator('canvas')
    await expect.poll(() => colourCount(points), patient).toBeGreaterThan(100)
    const byCluster = await points.screenshot()
    await page.getByLabel('Colour by').selectOption('Anomaly score')
    await expect.poll(async () => (await points.screenshot()).equals(byCluster), patient).toBe(false)
  })

  const map = page.getByRole('application', { name: /^Map/ })
  const legend = page.getByRole('table', { name: 'Classes' })
  const firstClass = legend.getByRole('row').nth(1)
  const opacity = page.getByRole('slider', { name: /^Opacity of k-means/ })
  const seesColour = () => shareOf(map, colour)
  await test.step('name and colour a class, undo and redo', async () => {
    await goTo(page, 'Map')
    await expect.poll(() => colourCount(map), patient).toBeGreaterThan(100)
    await firstClass.dblclick()
    await legend.getByRole('textbox', { name: 'Name of class 1' }).fill(className)
    await legend.getByRole('textbox', { name: 'Name of class 1' }).press('Enter')
    await expect(firstClass).toContainText(className)
    await page.getByLabel('Colour of class 1').fill(colour.toLowerCase())
    // A class has exactly its colour where nothing shines through.
    await opacity.fill('100')
    await expect.poll(seesColour, patient).toBeGreaterThan(0.02)
    await page.keyboard.press('Control+z')
    await expect.poll(seesColour, patient).toBe(0)
    await page.keyboard.press('Control+z')
    await expect(firstClass).toContainText('unnamed')
    await page.keyboard.press('Control+Shift+z')
    await expect(firstClass).toContainText(className)
    await page.keyboard.press('Control+Shift+z')
    await expect.poll(seesColour, patient).toBeGreaterThan(0.02)
  })

  await test.step('opacity, tidying, threshold', async () => {
    await opacity.fill('50')
    await expect.poll(seesColour, patient).toBe(0)
    await opacity.fill('100')
    await page.getByLabel('Tidy classes').selectOption('Majority 7 × 7')
    await expect(page.getByRole('combobox', { name: 'Classes', exact: true })).toBeVisible(patient)
    await expect(firstClass).toContainText(className, patient)
    await expect.poll(seesColour, patient).toBeGreaterThan(0.02)
    const before = await flaggedCount(page).innerText()
    await dragThreshold(page, -30)
    await expect(flaggedCount(page)).not.toHaveText(before)
  })
  const flagged = await flaggedCount(page).innerText()
  const share = await firstClass.getByRole('cell').nth(3).innerText()

  await test.step('export', async () => {
    const path = join(documents, 'coast-classes.tif')
    await answerSaveDialog(app, path)
    await page.getByRole('button', { name: /^Export 2 files/ }).click()
    await expect(page.getByText('coast-anomalies.tif', { exact: true })).toBeVisible(patient)
    if (hasGdal) expectMapLikeItsScene(path, join(documents, 'coast-anomalies.tif'), share)
  })

  await test.step('close, and open it again from the list', async () => {
    await running.close({ keepProfile: true })
    expect(errors).toEqual([])
    running = await launchApp({ userData: running.userData, width: 1440, height: 900 })
    const again = running.page
    await again.getByRole('button', { name: 'coast', exact: true }).click()
    await expect(region(again, 'Facts')).toContainText('349 × 352', patient)
    await goTo(again, 'Train')
    await expect(again.getByRole('main', { name: 'Training' })).toContainText('Error, held out')
    await expect(again.getByRole('img', { name: /^Stage 1/ })).toBeVisible(patient)
    await goTo(again, 'Map')
    const row = again.getByRole('table', { name: 'Classes' }).getByRole('row').nth(1)
    await expect(row).toContainText(className)
    await expect(row).toContainText(share)
    await expect(again.getByLabel('Colour of class 1')).toHaveValue(colour.toLowerCase())
    await expect(flaggedCount(again)).toHaveText(flagged)
    await again.getByRole('slider', { name: /^Opacity of k-means/ }).fill('100')
    await expect.poll(() => shareOf(again.getByRole('application', { name: /^Map/ }), colour), patient).toBeGreaterThan(0.02)
    await goTo(again, 'Export')
    await expect(region(again, 'Exports so far')).toContainText('coast-classes.tif')
    expect(running.errors).toEqual([])
  })
})

test('the built-in sample goes from the start screen to a map and a figure', async () => {
  test.setTimeout(400_000)
  const { app, page, errors, documents } = running
  await page.getByRole('button', { name: /^Folded ranges/ }).click()
  await expect(region(page, 'Facts')).toContainText('512 × 512', patient)
  const composite = page.getByRole('main').locator('canvas').first()
  await expect.poll(() => colourCount(composite), patient).toBeGreaterThan(500)
  await expect(page.getByRole('img', { name: /^Histogram of/ })).toBeVisible()

  await trainBriefly(page, { rows: '20000', layer: '3', tuning: '2' })
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes and cluster/ }))
  await page.getByRole('checkbox', { name: /^Cluster/ }).uncheck()
  await page.getByRole('checkbox', { name: /^Score/ }).uncheck()
  await page.getByRole('button', { name: /^Compute codes/ }).click()
  await page.getByRole('button', { name: /^Show the codes/ }).click(patient)
  await setField(region(page, 'Clusterings'), 'Clusters, k', '6')
  await page.getByRole('button', { name: /^Cluster \d/ }).click()
  await expect(page.getByRole('table', { name: 'Classes' }).getByRole('row')).toHaveCount(1 + 6, patient)

  await goTo(page, 'Anomalies')
  await page.getByRole('button', { name: /^Score \d/ }).click()
  await page.getByRole('listbox', { name: 'Flagged pixels' }).getByRole('option').nth(1).click(patient)
  await expect(page.getByRole('img', { name: /^Before and after/ })).toContainText('after', patient)

  await goTo(page, 'Map')
  const map = page.getByRole('application', { name: /^Map/ })
  await page.getByRole('slider', { name: /^Opacity of k-means/ }).fill('100')
  for (const id of ['1', '6']) {
    const shown = await page.getByLabel(`Colour of class ${id}`).inputValue()
    await expect.poll(() => shareOf(map, shown), patient).toBeGreaterThan(0.02)
  }
  await page.getByRole('radio', { name: 'Figure' }).click()
  await page.getByRole('checkbox', { name: /^Anomaly map/ }).uncheck()
  const figure = join(documents, 'ranges-classes.png')
  await answerSaveDialog(app, figure)
  await page.getByRole('button', { name: /^Export 1 file/ }).click()
  await expect(page.getByText('ranges-classes.png', { exact: true })).toBeVisible(patient)
  expect(readFileSync(figure).subarray(1, 4).toString()).toBe('PNG')
  expect(errors).toEqual([])
})

test('a file dropped on the window makes a project and is ready to come in', async () => {
  test.setTimeout(120_000)
  test.skip(!existsSync(scene), `there is no ${scene}`)
  const { page, errors } = running
  await expect(page.getByRole('button', { name: 'New project' })).toBeVisible()
  await dropFiles(page, [scene])
  await finishImport(page, 'scene')
  await expect(region(page, 'Facts')).toContainText('349 × 352')
  await expect(page.getByRole('banner')).toContainText('L7_ETMs')
  expect(errors).toEqual([])
})
