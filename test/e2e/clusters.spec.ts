/** From codes to classes by hand: a plane, a lasso on it, the selection grouped again and seen on the map, classes merged and taken back. */
import { expect, test } from '@playwright/test'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchApp, type RunningApp } from './launch.ts'
import { colourCount } from './picture.ts'
import { stratum } from './projects.ts'
import { arrivesAt, goTo, patient, region, setField } from './steps.ts'

test.describe.configure({ mode: 'serial' })

let folder: string
let running: RunningApp
test.beforeAll(async () => {
  test.setTimeout(400_000)
  folder = mkdtempSync(join(tmpdir(), 'stratum-clusters-'))
  const project = join(folder, 'classes.stratum')
  await stratum(
    ['new', project],
    ['sample', project, join(folder, 'sample'), '--set', 'width=256', '--set', 'height=256'],
    ['train', project, '1', '--model', 'pca', '--set', 'components=4', '--name', 'axes'],
    ['encode', project, 'axes'],
    ['cluster', project, 'axes codes', '--method', 'k-means', '--set', 'k=5', '--name', 'five'],
    ['cluster', project, 'axes codes', '--method', 'ward', '--set', 'k=4', '--name', 'tree'],
  )
  running = await launchApp({ width: 1280, height: 800, args: [project] })
  await running.app.evaluate(({ session }, folder) => {
    session.defaultSession.on('will-download', (_, item) => item.setSavePath(`${folder}/${item.getFilename()}`))
  }, folder)
})
test.afterAll(async () => {
  await running?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a plane is computed, and rows drawn around on it are counted', async () => {
  const { page } = running
  await goTo(page, 'Latents')
  const side = region(page, 'Clusterings')
  await side.getByRole('tab', { name: 'Planes' }).click()
  await side.getByLabel('Method').selectOption({ label: 'UMAP' })
  await side.getByRole('button', { name: /more settings?$/ }).click()
  await setField(side, 'Pixels at most', '3000')
  await side.getByRole('button', { name: 'Lay out by UMAP' }).click()
  const points = page.getByRole('application', { name: /the plane holds/ })
  await arrivesAt(page, points)
  await expect(page.getByRole('combobox', { name: 'Plane', exact: true })).toContainText('UMAP')
  const canvas = points.locator('canvas')
  await expect.poll(() => colourCount(canvas), patient).toBeGreaterThan(20)

  // Shift-drag draws around, whatever the tool.
  await page.keyboard.press('v')
  const box = await canvas.boundingBox()
  if (!box) throw new Error('The points have no place on the screen.')
  const corners = [
    [0.1, 0.1],
    [0.55, 0.1],
    [0.55, 0.9],
    [0.1, 0.9],
    [0.1, 0.15],
  ] as const
  await page.keyboard.down('Shift')
  for (const [i, [x, y]] of corners.entries()) {
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 4 })
    if (i === 0) await page.mouse.down()
  }
  await page.mouse.up()
  await page.keyboard.up('Shift')
  const inspector = region(page, 'Clusters and selection')
  await expect(inspector.getByText('Drawn on UMAP')).toBeVisible(patient)
  await expect(inspector.getByRole('status')).toContainText(/^[\d\s]+ pixels, /, patient)
  await expect(inspector.getByRole('heading', { name: 'What sets it apart' })).toBeVisible(patient)
})

test('the selection is grouped by itself, and seen on the map', async () => {
  const { page } = running
  await region(page, 'Clusterings').getByRole('tab', { name: 'Clusterings', exact: true }).click()
  await setField(region(page, 'Clusterings'), 'Clusters, k', '3')
  await page.getByRole('application', { name: /the plane holds/ }).focus()
  await page.keyboard.press('r')
  const legend = page.getByRole('table', { name: 'Classes' })
  await expect(legend.getByRole('row')).toHaveCount(1 + 3, patient)
  await expect(page.getByRole('list', { name: 'Clusterings' }).getByRole('button').first()).toContainText(/of [\d\s]+ pixels/)

  await region(page, 'Clusters and selection').getByRole('button', { name: 'Show on map' }).click()
  await expect(region(page, 'Legend, anomalies and export').getByText('Drawn on UMAP')).toBeVisible(patient)
  const map = page.getByRole('application', { name: /^Map/ }).locator('canvas')
  await expect.poll(() => colourCount(map), patient).toBeGreaterThan(50)
  await page.keyboard.press('Escape')
  await expect(page.getByText('Drawn on UMAP')).toHaveCount(0)
  // The newest change is taken back first.
  await page.keyboard.press('Control+z')
  await expect(page.getByText('Drawn on UMAP')).toBeVisible()

  // A box drawn on the map is the selection of every view.
  await page.keyboard.press('b')
  const box = await map.boundingBox()
  if (!box) throw new Error('The map has no place on the screen.')
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.4)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6, { steps: 4 })
  await page.mouse.up()
  await expect(region(page, 'Legend, anomalies and export').getByText('Drawn on the map')).toBeVisible(patient)
  await goTo(page, 'Latents')
  await expect(region(page, 'Clusters and selection').getByText('Drawn on the map')).toBeVisible(patient)
  await page.keyboard.press('Escape')
})

test('what is drawn with Shift is added, with Ctrl taken away; the rest is the inverse', async () => {
  const { page } = running
  await goTo(page, 'Latents')
  await page.getByRole('list', { name: 'Clusterings' }).getByRole('button', { name: /^tree/ }).click()
  await page.getByRole('combobox', { name: 'Plane', exact: true }).selectOption('Two codes')
  const canvas = page.getByRole('application', { name: /^Points/ }).locator('canvas')
  await expect.poll(() => colourCount(canvas), patient).toBeGreaterThan(20)
  const box = await canvas.boundingBox()
  if (!box) throw new Error('The points have no place on the screen.')
  await page.keyboard.press('b')
  const count = region(page, 'Clusters and selection').getByRole('status').first()
  async function draw(x0: number, y0: number, x1: number, y1: number, key?: 'Shift' | 'Control'): Promise<number> {
    const before = await count.innerText()
    if (key) await page.keyboard.down(key)
    await page.mouse.move((box?.x ?? 0) + x0 * (box?.width ?? 0), (box?.y ?? 0) + y0 * (box?.height ?? 0))
    await page.mouse.down()
    await page.mouse.move((box?.x ?? 0) + x1 * (box?.width ?? 0), (box?.y ?? 0) + y1 * (box?.height ?? 0), { steps: 4 })
    await page.mouse.up()
    if (key) await page.keyboard.up(key)
    await expect(count).not.toHaveText(before, patient)
    return selected()
  }
  async function selected(): Promise<number> {
    await expect(count).toContainText(/^[\d\s]+ pixels, /, patient)
    return Number((await count.innerText()).split(' pixels')[0]?.replaceAll(/\s/g, ''))
  }
  const left = await draw(0.05, 0.05, 0.5, 0.95)
  const right = await draw(0.3, 0.05, 0.9, 0.95)
  await draw(0.05, 0.05, 0.5, 0.95)
  const both = await draw(0.3, 0.05, 0.9, 0.95, 'Shift')
  expect(both).toBeGreaterThan(Math.max(left, right))
  expect(both).toBeLessThanOrEqual(left + right)
  const without = await draw(0.05, 0.05, 0.5, 0.95, 'Control')
  expect(without).toBe(both - left)
  await page.keyboard.press('i')
  await expect.poll(selected, patient).not.toBe(without)
  const rest = await selected()
  await page.keyboard.press('Control+a')
  await expect.poll(selected, patient).toBe(rest + without)
  await page.keyboard.press('Escape')
  await expect(count).toHaveText('No pixels are selected.')
})

test('a tree is cut elsewhere with its sizes said before, and a branch below the cut is selected by itself', async () => {
  const { page } = running
  await goTo(page, 'Latents')
  await page.getByRole('list', { name: 'Clusterings' }).getByRole('button', { name: /^tree/ }).click()
  const legend = page.getByRole('table', { name: 'Classes' })
  await expect(legend.getByRole('row')).toHaveCount(1 + 4, patient)
  const side = page.getByRole('main')
  await setField(side, 'Clusters to cut into', '7')
  const found = page.getByRole('status', { name: 'What the cut gives' })
  await expect(found).toContainText(/^\s*7\s*classes: /, patient)
  await page.getByRole('button', { name: 'Apply' }).click()
  await expect(legend.getByRole('row')).toHaveCount(1 + 7, patient)
  await expect(page.getByRole('list', { name: 'Steps of tree' }).getByRole('button')).toHaveText([/As clustered/, /Cut into 7/])

  // Down the tree until a branch lies within one class.
  const tree = page.getByRole('application', { name: /^Tree of/ })
  await tree.focus()
  for (let i = 0; i < 9; i++) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(region(page, 'Clusters and selection').getByText(/^A branch of the tree/)).toBeVisible(patient)
  await page.keyboard.press('Escape')

  // The newest change is taken back.
  await page.keyboard.press('Control+z')
  await expect(region(page, 'Clusters and selection').getByText(/^A branch of the tree/)).toBeVisible(patient)
  await page.keyboard.press('Escape')
  await page
    .getByRole('list', { name: 'Steps of tree' })
    .getByRole('button', { name: /As clustered/ })
    .click()
  await expect(legend.getByRole('row')).toHaveCount(1 + 4, patient)
})

test('nothing is wider than its panel at the smallest window', async () => {
  const { page } = running
  for (const view of ['Latents', 'Map'] as const) {
    await goTo(page, view)
    await expect(page.getByRole('table', { name: 'Classes' })).toBeVisible(patient)
    const wide = await page
      .locator('aside .scroll, main')
      .evaluateAll((panels) =>
        panels.filter((panel) => panel.scrollWidth > panel.clientWidth + 1).map((panel) => panel.parentElement?.ariaLabel),
      )
    expect(wide).toEqual([])
  }
})

test('every plot of the points view is saved as it is seen, and as its data', async () => {
  const { page } = running
  await goTo(page, 'Latents')
  const saved = async (menu: RegExp, item: string, file: string): Promise<Buffer> => {
    await page.getByRole('button', { name: menu }).click()
    await page.getByRole('menuitem', { name: item }).click()
    const path = join(folder, file)
    await expect.poll(() => existsSync(path) && statSync(path).size > 0, patient).toBe(true)
    return readFileSync(path)
  }
  for (const [menu, stem, head] of [
    [/^Tree: save/, 'tree', /^node,height,pixels,classes/],
    [/^Mean spectra: save/, 'mean-spectra', /\n/],
    [/^Code 2 against Code 1: save/, 'code-2-against-code-1', /^row_index,Code 1,Code 2,class/],
  ] as const) {
    // What is drawn as pixels is text that may say anything.
    const svg = String(await saved(menu, 'Save as SVG', `${stem}.svg`)).replace(/data:image[^"]*/g, '')
    expect(svg).toMatch(/^<svg[\s\S]*<\/svg>$/)
    expect(svg).not.toContain('NaN')
    expect(svg).not.toContain('var(--')
    // A line that has neither colour nor area is not there.
    const unseen = (svg.match(/<path[^>]*>/g) ?? []).filter((path) => path.includes(' stroke="none"') && path.includes(' fill="none"'))
    expect(unseen).toEqual([])
    expect((await saved(menu, 'Save as PNG, 1 ×', `${stem}@1x.png`)).subarray(1, 4).toString()).toBe('PNG')
    expect(String(await saved(menu, 'Save data as CSV', `${stem}.csv`))).toMatch(head)
  }
})

test('two classes are merged, and the merge is taken back', async () => {
  const { page, errors } = running
  await goTo(page, 'Latents')
  await page.getByRole('list', { name: 'Clusterings' }).getByRole('button', { name: /^five/ }).click()
  const legend = page.getByRole('table', { name: 'Classes' })
  await expect(legend.getByRole('row')).toHaveCount(1 + 5, patient)
  await legend.getByRole('row').nth(2).click()
  await legend
    .getByRole('row')
    .nth(4)
    .click({ modifiers: ['Control'] })
  await page.getByRole('button', { name: 'Merge 2 classes' }).click()
  await expect(legend.getByRole('row')).toHaveCount(1 + 4, patient)
  await expect(region(page, 'Clusters and selection')).toContainText('2 + 4 merged')
  await expect(page.getByRole('list', { name: 'Steps of five' }).getByRole('button')).toHaveText([/As clustered/, /2 \+ 4 merged/])
  await page.keyboard.press('Control+z')
  await expect(legend.getByRole('row')).toHaveCount(1 + 5, patient)
  expect(errors).toEqual([])
})

test('a clustering is renamed and deleted where it is listed, and what is looked at stays while another view is shown', async () => {
  const { page, errors } = running
  const list = page.getByRole('list', { name: 'Clusterings' })
  const colours = page.getByRole('combobox', { name: 'Colour by' })
  await colours.selectOption('Code 2')
  await goTo(page, 'Map')
  await goTo(page, 'Latents')
  await expect(colours).toHaveValue('code1')

  const item = list.getByRole('button', { name: /^tree/ })
  await item.click()
  await item.press('F2')
  await page.getByRole('textbox', { name: 'New name of tree' }).fill('Ward of four')
  await page.keyboard.press('Enter')
  await expect(list).toContainText('Ward of four')
  await page.keyboard.press('Control+z')
  await expect(item).toBeVisible(patient)

  await item.press('Delete')
  const dialog = page.getByRole('dialog', { name: 'Delete tree?' })
  await dialog.getByRole('button', { name: 'Keep' }).click()
  await page.getByRole('button', { name: 'More for this clustering' }).click()
  // The tree was cut before: that step alone could go, too.
  await expect(page.getByRole('menuitem')).toHaveText([/^Delete this step…/, /^Delete…/])
  await page.getByRole('menuitem', { name: /^Delete…/ }).click()
  await expect(dialog).toContainText('made from it')
  await dialog.getByRole('button', { name: /^Delete/ }).click()
  await expect(item).toHaveCount(0, patient)
  expect(errors).toEqual([])
})
