/** Answers the window's native calls (contract/window.ts). */
import { app, type BrowserWindow, dialog, nativeTheme, shell } from 'electron'
import { stat } from 'node:fs/promises'
import { freemem, totalmem } from 'node:os'
import { basename } from 'node:path'
import type { Handlers } from '#common/contract/calls.ts'
import type { WindowCalls } from '#common/contract/window.ts'
import { StratumError } from '#common/errors.ts'
import type { EngineHost } from './engineHost.ts'
import type { PreferenceFile } from './preferences.ts'

interface Surroundings {
  readonly window: BrowserWindow
  readonly engine: EngineHost
  readonly preferences: PreferenceFile
}

export function windowHandlers({ window, engine, preferences }: Surroundings): Handlers<WindowCalls> {
  return {
    async chooseFiles({ title, extensions, multiple, folder }) {
      const { canceled, filePaths } = await dialog.showOpenDialog(window, {
        title,
        filters: folder ? [] : filtersFor(extensions),
        properties: [folder ? 'openDirectory' : 'openFile', ...(multiple ? (['multiSelections'] as const) : [])],
      })
      return canceled ? null : filePaths
    },
    async chooseSavePath({ title, defaultName, extensions }) {
      const { canceled, filePath } = await dialog.showSaveDialog(window, {
        title,
        defaultPath: defaultName,
        filters: filtersFor(extensions),
      })
      return canceled || !filePath ? null : filePath
    },
    recentProjects: () => Promise.all(preferences.read().recent.map(describeProject)),
    rememberProject({ path }) {
      preferences.remember(path)
      app.addRecentDocument(path)
      return {}
    },
    forgetProject({ path }) {
      preferences.forget(path)
      return {}
    },
    defaultFolder: () => app.getPath('documents'),
    async revealFile({ path }) {
      if ((await sizeOf(path)) === null)
        throw new StratumError('FILE_NOT_FOUND', `There is no file ${path}.`, 'It may have been moved or deleted.', { path })
      shell.showItemInFolder(path)
      return {}
    },
    theme: () => preferences.read().theme,
    setTheme({ theme }) {
      preferences.setTheme(theme)
      nativeTheme.themeSource = theme
      return {}
    },
    setTitle({ title }) {
      window.setTitle(title)
      return {}
    },
    systemLoad: () => ({ memoryBytes: totalmem() - freemem(), totalBytes: totalmem(), engineBytes: engine.rssBytes() }),
    windowAction({ action }) {
      if (action === 'minimise') window.minimize()
      else if (action === 'close') window.close()
      else if (window.isMaximized()) window.unmaximize()
      else window.maximize()
      return {}
    },
  }
}

const filtersFor = (extensions: readonly string[]) => {
  if (extensions.length === 0) return []
  const bare = extensions.map((extension) => extension.replace(/^\./, ''))
  return [
    { name: bare.map((extension) => `.${extension}`).join(', '), extensions: bare },
    { name: 'All files', extensions: ['*'] },
  ]
}

async function describeProject({ path, openedAt }: { path: string; openedAt: string }) {
  const sizeBytes = await sizeOf(path)
  return { path, openedAt, name: basename(path, '.stratum'), sizeBytes: sizeBytes ?? 0, missing: sizeBytes === null }
}

/** Null when there is no such file, or it may not be looked at. */
const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ size }) => size,
    () => null,
  )
