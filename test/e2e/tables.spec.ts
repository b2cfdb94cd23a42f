/** What is no scene: tables, cells and broken files; and what happens when a run is cancelled or its engine dies. */
import { expect, type Page, test } from '@playwright/test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sharedData } from '../helpers/sharedData.ts'
import { answerSaveDialog, enginePid, launchApp, type RunningApp } from './launch.ts'
import { colourCount } from './picture.ts'
import { arrivesAt, chooseFile, finishImport, goTo, makeProject, patient, region, setField } from './steps.ts'

const penguins = sharedData('tabular/penguins/penguins.csv')
const cells = sharedData('singlecell/zellkonverter/krumsiek11.h5ad')
const vectors = sharedData('embeddings/fashion_mlp_activations_DERIVED/hidden2_10000x128_float16.npy')
const temperatures = sharedData('timeseries/daily-min-temperatures.csv')
const broken = sharedData('malformed/derived_truncated/text_named.tif')
const scene = sharedData('raster/stars/L7_ETMs.tif')

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp({ width: 1440, height: 900 })
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

/** Trains the plain autoencoder, computes the codes and groups them into `k` clusters. */
async function trainAndCluster(page: Page, k: number): Promise<void> {
  await page.getByRole('button', { name: 'Choose a model' }).click()
  await page.getByRole('radio', { name: /^Autoencoder/ }).click()
  const settings = region(page, 'Settings of the model')
  await setField(settings, /^Passes over the data/, '10')
  await settings.getByRole('button', { name: /^Train/ }).click()
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes/ }))
  await page.getByRole('checkbox', { name: /^Cluster/ }).uncheck()
  await page.getByRole('checkbox', { name: /^Score/ }).uncheck()
  await page.getByRole('button', { name: /^Compute codes/ }).click()
  await page.getByRole('button', { name: /^Show the codes/ }).click(patient)
  await setField(region(page, 'Clusterings'), 'Clusters, k', `${k}`)
  await page.getByRole('button', { name: /^Cluster \d/ }).click()
  await expect(page.getByRole('table', { name: 'Classes' }).getByRole('row')).toHaveCount(1 + k, patient)
  await expect.poll(() => colourCount(page.getByRole('application', { name: /^Points/ }).locator('canvas')), patient).toBeGreaterThan(k)
}

test('a table is looked at, learned from and grouped', async () => {
  test.setTimeout(300_000)
  test.skip(!existsSync(penguins), `there is no ${penguins}`)
  const { page, errors } = running
  await makeProject(running, 'penguins')
  await chooseFile(running, penguins)
  await expect(page.getByRole('table', { name: 'Columns of the file' })).toContainText('bill_length_mm', patient)
  await finishImport(page, 'table')
  const rows = page.getByRole('table', { name: 'Rows' })
  await expect(rows.getByRole('row').nth(1)).toContainText('Adelie', patient)
  await expect(rows.getByRole('row').nth(1)).toContainText('39.1')
  await rows.getByRole('button', { name: /^body_mass_g/ }).click()
  await expect(page.getByRole('img', { name: /^Histogram of body_mass_g/ })).toBeVisible()
  await trainAndCluster(page, 3)
  // A class chosen among the points is selected in the table, and a row let go there is let go among the points.
  const second = page.getByRole('table', { name: 'Classes' }).getByRole('row').nth(2)
  const size = Number(await second.getByRole('cell').nth(2).innerText())
  await second.click()
  await goTo(page, 'Data')
  await page.getByRole('checkbox', { name: 'Selected rows only' }).check()
  await expect(rows).toHaveAttribute('aria-rowcount', `${size}`, patient)
  await rows
    .getByRole('row')
    .nth(1)
    .click({ modifiers: ['Control'] })
  await expect(rows).toHaveAttribute('aria-rowcount', `${size - 1}`, patient)
  await goTo(page, 'Latents')
  await expect(region(page, 'Clusters and selection').getByRole('status')).toContainText(`${size - 1} rows,`, patient)
  await goTo(page, 'Map')
  await expect(page.getByText('has no grid', { exact: false })).toBeVisible()
  expect(errors).toEqual([])
})

test('cells are looked at, learned from and grouped', async () => {
  test.setTimeout(300_000)
  test.skip(!existsSync(cells), `there is no ${cells}`)
  const { page, errors } = running
  await makeProject(running, 'blood')
  await chooseFile(running, cells)
  await finishImport(page, 'cells')
  await expect(page.getByRole('heading', { name: '640 cells' })).toBeVisible(patient)
  await expect(page.getByRole('table', { name: 'Rows' })).toContainText('Gata2')
  await trainAndCluster(page, 5)
  expect(errors).toEqual([])
})

test('vectors are looked at, learned from, grouped and exported', async () => {
  test.setTimeout(300_000)
  test.skip(!existsSync(vectors), `there is no ${vectors}`)
  const { app, page, documents, errors } = running
  await makeProject(running, 'activations')
  await chooseFile(running, vectors)
  await finishImport(page, 'vectors')
  await expect(page.getByRole('heading', { name: '10 000 vectors' })).toBeVisible(patient)
  await trainAndCluster(page, 4)
  await goTo(page, 'Export')
  const table = join(documents, 'classes.csv')
  await answerSaveDialog(app, table)
  await page.getByRole('button', { name: /^Export 1 file/ }).click()
  await expect.poll(() => existsSync(table), patient).toBe(true)
  expect(readFileSync(table, 'utf8').trim().split('\n')).toHaveLength(1 + 10_000)
  expect(errors).toEqual([])
})

test('a table of days is offered as a time series, and as the table it is again', async () => {
  test.skip(!existsSync(temperatures), `there is no ${temperatures}`)
  const { page, errors } = running
  await makeProject(running, 'temperatures')
  await chooseFile(running, temperatures)
  const series = page.getByRole('button', { name: 'Read as a time series' })
  await series.click(patient)
  await page.getByRole('button', { name: 'Read as a table' }).click(patient)
  await expect(page.getByRole('button', { name: 'Import table' })).toBeEnabled(patient)
  await series.click()
  await finishImport(page, 'series')
  await expect(page.getByRole('heading', { name: '520 windows' })).toBeVisible(patient)
  expect(errors).toEqual([])
})

test('a file that is not what its name says is refused with a code and a way out', async () => {
  test.skip(!existsSync(broken), `there is no ${broken}`)
  const { page, errors } = running
  await makeProject(running, 'broken')
  await chooseFile(running, broken)
  const panel = page.getByRole('alert')
  await expect(panel).toContainText('The file is damaged', patient)
  await expect(panel).toContainText('Code FILE_CORRUPT')
  await expect(panel).toContainText('Fetch the file again')
  await expect(panel).toContainText('Nothing was added to the project.')
  await expect(panel.getByRole('button', { name: 'Read again' })).toBeVisible()
  await page.getByRole('button', { name: 'Leave out' }).click()
  await expect(page.getByRole('button', { name: 'Choose a file…' })).toBeVisible()
  expect(errors).toEqual([])
})

test('a run whose engine is killed goes on from its last saved state, and is cancelled at once', async () => {
  test.setTimeout(300_000)
  test.skip(!existsSync(scene), `there is no ${scene}`)
  const { app, page, errors } = running
  await makeProject(running, 'killed')
  await chooseFile(running, scene)
  await finishImport(page, 'scene')
  await page.getByRole('button', { name: 'Choose a model' }).click()
  const settings = region(page, 'Settings of the model')
  // The end of a stage is always saved, so a resumed run is in its last stage from the first moment.
  await setField(settings, /^Passes over the data, each layer/, '1')
  await setField(settings, /^Passes over the data, fine-tuning/, '20000')
  await setField(settings, 'Patience', '10000')
  await settings.getByRole('button', { name: /^Train/ }).click()
  const training = page.getByRole('main', { name: 'Training' })
  await expect(training.getByText('Stage 4 of 4', { exact: true })).toBeVisible(patient)

  const before = await enginePid(app)
  process.kill(before, 'SIGKILL')
  await training.getByRole('button', { name: 'Start again' }).click(patient)
  await expect(training.getByText(/^Stage \d of 4$/)).toHaveText('Stage 4 of 4', patient)
  expect(await enginePid(app)).not.toBe(before)

  const cancel = training.getByRole('button', { name: 'Cancel' })
  // From the press to the answer as the user sees it; the test's own waiting for a still button is not counted.
  const answered = cancel.evaluate(
    (button) =>
      new Promise<number>((resolve) => {
        button.addEventListener('click', () => {
          const pressed = performance.now()
          const watch = new MutationObserver(() => {
            if (!button.isConnected) resolve(performance.now() - pressed)
          })
          watch.observe(document.body, { childList: true, subtree: true })
        })
      }),
  )
  await cancel.click()
  await cancel.waitFor({ state: 'hidden', timeout: 3000 })
  process.stdout.write(`Cancelling a training took ${Math.round(await answered)} ms, as seen in the window.\n`)
  expect(errors).toEqual([])
})
