/** Electron's main process: one window, its engine, and what only the operating system can do. */
import { app, nativeTheme } from 'electron'
import { join } from 'node:path'
import { startEngineHost } from './engineHost.ts'
import { connectWindow } from './connectWindow.ts'
import { setMenu } from './menu.ts'
import { openPreferences } from './preferences.ts'
import { registerAppScheme, serveApp } from './protocol.ts'
import { closeNetwork } from './security.ts'
import { createWindow } from './window.ts'
import { windowHandlers } from './windowHandlers.ts'

// Under root Chromium runs without its sandbox, and demanding it then would end every child process.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
registerAppScheme()

/** A project named on the command line, by a double click in a file manager, or by a second start. */
const projectPath = (words: readonly string[]): string | undefined => words.slice(1).find((word) => word.endsWith('.stratum'))

let pathAtStart = projectPath(process.argv)
let openProject = (path: string): void => {
  pathAtStart = path
}
app.on('open-file', (event, path) => {
  event.preventDefault()
  openProject(path)
})

function main(): void {
  const preferences = openPreferences(join(app.getPath('userData'), 'preferences.json'))
  nativeTheme.themeSource = preferences.read().theme
  serveApp()
  closeNetwork()

  const window = createWindow()
  const engine = startEngineHost()
  const toWindow = connectWindow(window, engine, windowHandlers({ window, engine, preferences }))
  setMenu((id) => toWindow('command', { id }))

  openProject = (path) => {
    if (window.isMinimized()) window.restore()
    window.focus()
    toWindow('command', { id: 'openProject', path })
  }
  if (pathAtStart) openProject(pathAtStart)
  app.on('second-instance', (_event, words) => {
    const path = projectPath(words)
    if (path) openProject(path)
    else window.focus()
  })

  app.on('window-all-closed', () => app.quit())
  app.once('will-quit', (event) => {
    event.preventDefault()
    void engine.dispose().finally(() => app.exit())
  })
}

// Never awaited at the top level: Electron waits for this module before it becomes ready.
if (app.requestSingleInstanceLock()) void app.whenReady().then(main)
else app.quit()

app.on('web-contents-created', (_event, contents) => {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('will-navigate', (event) => event.preventDefault())
})
