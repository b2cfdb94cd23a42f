/**
 * The application menu. Without a frame it is seen on macOS only; elsewhere it carries the accelerators. What the app itself
 * does is sent to the window as a command; the window's own keys (views, panels, tools) are its own business.
 */
import { app, Menu, type MenuItemConstructorOptions } from 'electron'

/** Ids as they arrive in the event `command`. */
export type CommandId = 'newProject' | 'openProject' | 'importFiles' | 'export' | 'settings' | 'help'

export function setMenu(send: (id: CommandId) => void): void {
  const command = (label: string, accelerator: string, id: CommandId): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => send(id),
  })
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const file: MenuItemConstructorOptions = {
    label: 'File',
    submenu: [
      command('New project…', 'CmdOrCtrl+N', 'newProject'),
      command('Open project…', 'CmdOrCtrl+O', 'openProject'),
      separator,
      command('Import…', 'CmdOrCtrl+Shift+I', 'importFiles'),
      command('Export…', 'CmdOrCtrl+E', 'export'),
      separator,
      command('Settings…', 'CmdOrCtrl+,', 'settings'),
      separator,
      { role: process.platform === 'darwin' ? 'close' : 'quit' },
    ],
  }
  const view: MenuItemConstructorOptions = {
    label: 'View',
    submenu: [
      { role: 'resetZoom', accelerator: 'CmdOrCtrl+0' },
      { role: 'zoomIn', accelerator: 'CmdOrCtrl+Plus' },
      // Plus is a shifted key on some keyboards and not on others.
      { role: 'zoomIn', accelerator: 'CmdOrCtrl+=', visible: false, acceleratorWorksWhenHidden: true },
      { role: 'zoomOut', accelerator: 'CmdOrCtrl+-' },
      separator,
      { role: 'togglefullscreen' },
      ...(app.isPackaged ? [] : [separator, { role: 'reload' as const }, { role: 'toggleDevTools' as const, accelerator: 'F12' }]),
    ],
  }
  const help: MenuItemConstructorOptions = { role: 'help', submenu: [command('Stratum help', 'F1', 'help')] }
  const macOnly: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : []
  Menu.setApplicationMenu(Menu.buildFromTemplate([...macOnly, file, { role: 'editMenu' }, view, { role: 'windowMenu' }, help]))
}
