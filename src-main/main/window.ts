/** The one window: drawn without a frame, because it has its own title bar, and locked down. */
import { BrowserWindow, nativeTheme, screen } from 'electron'
import { fileURLToPath } from 'node:url'
import { appOrigin, developmentUrl } from './protocol.ts'

/** bg-0 of the design tokens, so that the first paint is not a flash. */
const frameColour = { light: '#ECEBE8', dark: '#101113' }

const atFirst = { width: 1440, height: 900 }
/** Small screens, and halves of large ones. */
const least = { width: 1024, height: 640 }

export function createWindow(): BrowserWindow {
  const room = screen.getPrimaryDisplay().workAreaSize
  const window = new BrowserWindow({
    width: Math.min(atFirst.width, room.width),
    height: Math.min(atFirst.height, room.height),
    minWidth: Math.min(least.width, room.width),
    minHeight: Math.min(least.height, room.height),
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
