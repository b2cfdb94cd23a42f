/** The one window: drawn without a frame, because it has its own title bar, and locked down. */
import { BrowserWindow, nativeTheme } from 'electron'
import { fileURLToPath } from 'node:url'
import { appOrigin, developmentUrl } from './protocol.ts'

/** bg-0 of the design tokens, so that the first paint is not a flash. */
const frameColour = { light: '#ECEBE8', dark: '#101113' }

export function createWindow(): BrowserWindow {
  const window = new BrowserWindow({
    width: 1440,
    height: 900,
    minWidth: 1280,
    minHeight: 800,
    show: false,
    frame: false,
    titleBarStyle: process.platform === 'darwin' ? 'hiddenInset' : 'default',
    title: 'Stratum',
    backgroundColor: frameColour[nativeTheme.shouldUseDarkColors ? 'dark' : 'light'],
    webPreferences: {
      preload: fileURLToPath(new URL('../preload/index.cjs', import.meta.url)),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  window.once('ready-to-show', () => window.show())
  // The page sets no title of its own; `setTitle` does.
  window.on('page-title-updated', (event) => event.preventDefault())
  void window.loadURL(developmentUrl ?? `${appOrigin}/index.html`)
  return window
}
