/** What the window remembers between starts: recent projects and the theme, in one small JSON file. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

const maxRecent = 20

const Preferences = z.object({
  theme: z.enum(['system', 'light', 'dark']).catch('system'),
  recent: z.array(z.object({ path: z.string(), openedAt: z.string() })).catch([]),
})
export type Preferences = z.output<typeof Preferences>

export interface PreferenceFile {
  read(): Preferences
  setTheme(theme: Preferences['theme']): void
  /** Puts a project first in the list of recent ones. */
  remember(path: string): void
  forget(path: string): void
}

export function openPreferences(file: string): PreferenceFile {
  let current = load(file)
  const save = (change: Partial<Preferences>): void => {
    current = { ...current, ...change }
    mkdirSync(dirname(file), { recursive: true })
    // Written whole and then renamed: a crash leaves the old file or the new one, never half of one.
    writeFileSync(`${file}.new`, `${JSON.stringify(current, null, 2)}\n`)
    renameSync(`${file}.new`, file)
  }
  const others = (path: string): Preferences['recent'] => current.recent.filter((project) => project.path !== path)
  return {
    read: () => current,
    setTheme: (theme) => save({ theme }),
    remember: (path) => save({ recent: [{ path, openedAt: new Date().toISOString() }, ...others(path)].slice(0, maxRecent) }),
    forget: (path) => save({ recent: others(path) }),
  }
}

/** A missing or damaged file means a first start: nothing in it is worth refusing to open the window. */
function load(file: string): Preferences {
  try {
    return Preferences.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return { theme: 'system', recent: [] }
  }
}
