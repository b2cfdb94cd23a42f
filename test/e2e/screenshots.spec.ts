/**
 * Pictures of every view with a finished sample project, for the README and to be looked at after a change of the looks.
 * Runs only with STRATUM_SCREENSHOTS=1 (playwright.config.ts); judges nothing.
 */
import { expect, test } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { launchApp } from './launch.ts'
import { colourCount } from './picture.ts'
import { arrivesAt, goTo, patient, region, setField, type View } from './steps.ts'

const shots = fileURLToPath(new URL('../../test-results/shots/', import.meta.url))
const readmePicture = fileURLToPath(new URL('../../resources/screenshots/map.png', import.meta.url))
const sizes = [
  [1280, 800],
  [1440, 900],
] as const
const views: readonly View[] = ['Data', 'Model', 'Train', 'Latents', 'Anomalies', 'Map', 'Compare', 'Export', 'Settings', 'Help']

test('every view with a finished sample, at two sizes, light and dark', async () => {
  test.setTimeout(900_000)
  mkdirSync(shots, { recursive: true })
  mkdirSync(fileURLToPath(new URL('.', `file://${readmePicture}`)), { recursive: true })
  const running = await launchApp({ width: 1440, height: 900 })
  const { app, page } = running
  const resize = (width: number, height: number) =>
    app.evaluate(({ BrowserWindow }, [width, height]) => BrowserWindow.getAllWindows()[0].setContentSize(width, height), [width, height])
  const theme = page.getByRole('button', { name: /^(Light|Dark) theme$/ })
  /** At every size, then in the other theme; ends light. */
  async function shoot(name: string): Promise<void> {
    // The pointer away from everything that answers to it.
    await page.mouse.move(720, 14)
    for (const look of ['light', 'dark'] as const) {
      for (const [width, height] of sizes) {
        await resize(width, height)
        await expect.poll(() => page.evaluate(() => `${innerWidth} ${innerHeight}`)).toBe(`${width} ${height}`)
        await expect(page.locator('[aria-busy=true]')).toHaveCount(0, patient)
        // Tiles and points are drawn in the frames after they have come.
        await page.waitForTimeout(700)
        await page.screenshot({ path: `${shots}${name}-${look}-${width}.png`, animations: 'disabled' })
      }
      await theme.click()
      await page.mouse.move(720, 14)
    }
  }

  await shoot('start')
  await page.getByRole('button', { name: /^Folded ranges/ }).click()
  await expect(region(page, 'Facts')).toContainText('512 × 512', patient)
  for (const view of ['Train', 'Latents', 'Anomalies', 'Compare', 'Export'] as const) {
    await goTo(page, view)
    await shoot(`empty-${view.toLowerCase()}`)
  }

  await goTo(page, 'Data')
  const composite = page.getByRole('main').locator('canvas').first()
  await expect.poll(() => colourCount(composite), patient).toBeGreaterThan(500)
  for (const position of [
    { x: 260, y: 120 },
    { x: 420, y: 300 },
  ])
    await composite.click({ position })
  await page.getByRole('button', { name: 'Choose a model' }).click()
  await page.getByRole('button', { name: /^Train/ }).click()
  await expect(page.getByText(/^Stage [1-4] of 4$/)).toBeVisible(patient)
  await page.screenshot({ path: `${shots}running-light-1440.png` })
  await arrivesAt(page, page.getByRole('button', { name: /^Compute codes and cluster/ }))
  await page.getByRole('checkbox', { name: /^Cluster/ }).uncheck()
  await page.getByRole('button', { name: /^Compute codes/ }).click()
  await arrivesAt(page, page.getByText('Last: Score anomalies'))
  await goTo(page, 'Latents')
  await setField(region(page, 'Clusterings'), 'Clusters, k', '6')
  await page.getByRole('button', { name: /^Cluster \d/ }).click()
  const legend = page.getByRole('table', { name: 'Classes' })
  await expect(legend.getByRole('row')).toHaveCount(1 + 6, patient)
  await legend.getByRole('row').nth(3).click()

  await goTo(page, 'Map')
  await page.getByLabel('Tidy classes').selectOption('Majority 5 × 5')
  await expect(page.getByRole('combobox', { name: 'Classes', exact: true })).toBeVisible(patient)
  // What most pixels of each class are in the truth layer of the sample.
  for (const [id, name] of ['Granite', 'Shale', 'Ironstone', 'Red sandstone', 'Basalt', 'Limestone'].entries()) {
    await legend
      .getByRole('row')
      .nth(id + 1)
      .dblclick()
    await page.getByRole('textbox', { name: `Name of class ${id + 1}` }).fill(name)
    await page.getByRole('textbox', { name: `Name of class ${id + 1}` }).press('Enter')
    await expect(legend.getByRole('row').nth(id + 1)).toContainText(name)
  }
  // Clear of the noise: what was planted, and little else.
  await setField(region(page, 'Legend, anomalies and export'), /^Flag above/, '0.06')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('status').locator('.toast')).toHaveCount(0, patient)

  for (const view of views) {
    await goTo(page, view)
    await shoot(view.toLowerCase())
  }
  await goTo(page, 'Map')
  await page.getByRole('button', { name: 'Swipe' }).click()
  await resize(1440, 900)
  await expect(page.getByRole('slider', { name: /^Swipe/ })).toBeVisible()
  await page.mouse.move(720, 14)
  await page.waitForTimeout(1500)
  await page.screenshot({ path: readmePicture, animations: 'disabled' })
  await running.close()
})
