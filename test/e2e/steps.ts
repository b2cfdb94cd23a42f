/** The steps of the main job as a user takes them: clicks, and typing in fields. */
import { expect, type Locator, type Page } from '@playwright/test'
import { join } from 'node:path'
import { answerOpenDialog, answerSaveDialog, type RunningApp } from './launch.ts'

/** Other work may be going on beside an engine that already uses every core. */
export const patient = { timeout: 90_000 }

export type View = 'Data' | 'Model' | 'Train' | 'Latents' | 'Anomalies' | 'Map' | 'Compare' | 'Export' | 'Settings' | 'Help'

export const goTo = (page: Page, view: View): Promise<void> =>
  page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: view }).click()

export const region = (page: Page, name: string): Locator => page.getByRole('complementary', { name })

export async function makeProject({ app, page, documents }: RunningApp, name: string): Promise<string> {
  const path = join(documents, `${name}.stratum`)
  await answerSaveDialog(app, path)
  await page.getByRole('button', { name: 'New project' }).click()
  await expect(page.getByRole('button', { name: 'Choose a file…' })).toBeVisible(patient)
  return path
}

/** Files dropped from the desktop: real ones, with a path, as the browser engine itself delivers them. */
export async function dropFiles(page: Page, files: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: [...files], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data })
  await session.detach()
}

/** Takes what was inspected into the project, and waits until its facts are shown. */
export async function finishImport(page: Page, what: 'scene' | 'table' | 'cells' | 'vectors' | 'series'): Promise<void> {
  await page.getByRole('button', { name: `Import ${what}` }).click(patient)
  await expect(page.getByRole('button', { name: 'Choose a model' })).toBeVisible(patient)
}

export async function chooseFile({ app, page }: RunningApp, path: string): Promise<void> {
  await answerOpenDialog(app, [path])
  const first = page.getByRole('button', { name: 'Choose a file…' })
  await ((await first.isVisible()) ? first : page.getByRole('button', { name: 'Import data' })).click()
}

/** Types into a field of a parameter form, by its label. */
export async function setField(panel: Locator, label: string | RegExp, value: string): Promise<void> {
  const field = panel.getByLabel(label)
  await field.fill(value)
  await field.press('Enter')
}

/** Waits for what a long step ends with; an error panel ends the wait at once, with its words. */
export async function arrivesAt(page: Page, goal: Locator): Promise<void> {
  const alert = page.getByRole('alert').first()
  await expect(goal.or(alert).first()).toBeVisible(patient)
  if (await alert.isVisible()) throw new Error(`An error panel was shown instead: ${await alert.innerText()}`)
}
