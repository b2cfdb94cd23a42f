/** What everybody has to reach: every control says its name, and a small or enlarged window covers and cuts off nothing. */
import { expect, type Page, test } from '@playwright/test'
import { launchApp, type RunningApp } from './launch.ts'
import { goTo, patient, region, type View } from './steps.ts'

test.setTimeout(180_000)

const views: readonly View[] = ['Data', 'Model', 'Train', 'Latents', 'Anomalies', 'Map', 'Compare', 'Export', 'Settings', 'Help']

let running: RunningApp
test.beforeAll(async () => {
  running = await launchApp({ width: 1280, height: 800 })
  await running.page.getByRole('button', { name: /^Folded ranges/ }).click()
  await expect(region(running.page, 'Facts')).toContainText('512 × 512', patient)
})
test.afterAll(() => running.close())

/** Controls in sight that a screen reader has no name for. */
const nameless = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const controls = 'button, a[href], input, select, textarea, dialog, [role=slider], [role=tab], [role=img], [role=application]'
    const nameOf = (element: Element): string =>
      [
        element.getAttribute('aria-label'),
        ...(element.getAttribute('aria-labelledby')?.split(' ') ?? []).map((id) => document.getElementById(id)?.textContent),
        ...[...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent),
        element.tagName === 'SELECT' ? null : element.textContent,
      ].join('')
    return [...document.querySelectorAll(controls)]
      .filter((element) => element.checkVisibility() && nameOf(element).trim() === '')
      .map((element) => element.outerHTML)
  })

/** What is seen of the links, panels and heads is inside the window and under nothing else. */
const covered = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('nav a, header button, main [role=tab], aside h2')]
      .filter((element) => {
        element.scrollIntoView({ block: 'nearest', inline: 'nearest' })
        const { left, top, width, height } = element.getBoundingClientRect()
        const seen = document.elementFromPoint(left + width / 2, top + height / 2)
        return width > 0 && !element.contains(seen)
      })
      .map((element) => element.outerHTML),
  )

test('every control in every view says its name', async () => {
  for (const view of views) {
    await goTo(running.page, view)
    expect(await nameless(running.page), view).toEqual([])
  }
})

for (const [how, width, height, zoom] of [
  ['in the smallest window', 1024, 640, 1],
  ['enlarged to 150 %', 1440, 900, 1.5],
] as const) {
  test(`${how} nothing covers anything, and everything is reached`, async () => {
    const { app, page } = running
    await app.evaluate(
      ({ BrowserWindow }, { width, height, zoom }) => {
        const [window] = BrowserWindow.getAllWindows()
        window.setContentSize(width, height)
        window.webContents.setZoomFactor(zoom)
      },
      { width, height, zoom },
    )
    await expect.poll(() => page.evaluate(() => innerWidth)).toBe(width / zoom)
    for (const view of views) {
      // Pointers of tests do not know of the zoom; a key press and a click from within do.
      await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: view }).dispatchEvent('click')
      await expect.poll(() => covered(page), { message: view }).toEqual([])
    }
  })
}
