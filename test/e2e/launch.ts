/** Starts the built app for a test, with a profile of its own, and collects what it complains about. */
import { type ElectronApplication, _electron as electron, type Page } from '@playwright/test'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const launchTimeoutMs = 20_000
const launchAttempts = 3

export interface RunningApp {
  readonly app: ElectronApplication
  readonly page: Page
  /** Console errors and uncaught errors of the page so far. */
  readonly errors: readonly string[]
  /** Pass it to another launch to start with the same recent projects and theme. */
  readonly userData: string
  /** Where projects go that nobody chose a place for; a folder of the profile. */
  readonly documents: string
  /** Ends the app; the profile goes too unless it was given or `keepProfile` is set. */
  close(options?: { keepProfile?: boolean }): Promise<void>
}

export interface LaunchOptions {
  readonly userData?: string
  /** Further words on the command line, e.g. a project to open. */
  readonly args?: readonly string[]
  readonly width?: number
  readonly height?: number
}

export async function launchApp({ userData, args = [], width, height }: LaunchOptions = {}): Promise<RunningApp> {
  const profile = userData ?? mkdtempSync(join(tmpdir(), 'stratum-profile-'))
  const documents = join(profile, 'documents')
  mkdirSync(documents, { recursive: true })
  const app = await launchWithRetry(
    [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...softwareDrawing, `--user-data-dir=${profile}`, root, ...args],
    documents,
  )
  const page = await app.firstWindow()
  const errors: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
  await page.waitForLoadState('domcontentloaded')
  if (width && height) {
    const size = { width, height }
    await app.evaluate(({ BrowserWindow }, { width, height }) => BrowserWindow.getAllWindows()[0].setContentSize(width, height), size)
  }
  return {
    app,
    page,
    errors,
    userData: profile,
    documents,
    async close({ keepProfile = userData !== undefined } = {}) {
      await app.close()
      if (!keepProfile) rmSync(profile, { recursive: true, force: true })
    },
  }
}

// Without these Chromium first tries a real GPU and, on machines without one, now and then hangs before its first page. Pages are
// painted without a GPU's interface, which costs a processor less than imitating one; only WebGL is imitated.
const softwareDrawing = ['--disable-gpu', '--enable-unsafe-swiftshader']

/** An app that answers; one that hangs, or whose first answer is lost while it starts, is started again. */
async function launchWithRetry(args: string[], documents: string): Promise<ElectronApplication> {
  for (let attempt = 1; ; attempt++) {
    let app: ElectronApplication | null = null
    try {
      // Null, or Playwright would set a colour scheme over the app's own.
      app = await electron.launch({ args, cwd: root, timeout: launchTimeoutMs, colorScheme: null })
      await app.evaluate(({ app }, path) => app.setPath('documents', path), documents)
      return app
    } catch (error) {
      await app?.close()
      if (attempt === launchAttempts) throw error
    }
  }
}

/** The next open dialogs answer with these files. */
export const answerOpenDialog = (app: ElectronApplication, filePaths: string[]): Promise<void> =>
  app.evaluate(({ dialog }, filePaths) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths })
  }, filePaths)

/** The next save dialogs answer with this path. */
export const answerSaveDialog = (app: ElectronApplication, filePath: string): Promise<void> =>
  app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath })
  }, filePath)

/** Process id of the engine: a utility process of the app, or its child running engine.js. Linux only. */
export async function enginePid(app: ElectronApplication): Promise<number> {
  const utility = await app.evaluate(({ app }) => app.getAppMetrics().find(({ name }) => name === 'Stratum engine')?.pid)
  if (utility) return utility
  const parent = app.process().pid
  const children = readdirSync(`/proc/${parent}/task`).flatMap((thread) =>
    readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8').trim().split(' '),
  )
  const pid = children.find((child) => child !== '' && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('out/main/engine.js'))
  if (!pid) throw new Error('The app has no engine process.')
  return Number(pid)
}
