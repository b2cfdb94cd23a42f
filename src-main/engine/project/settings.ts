/** Table `setting`: what a project remembers of its views, as JSON by key. */
import type { Db } from './sqlite.ts'

export type SettingTable = ReturnType<typeof settingTable>

export function settingTable(db: Db) {
  const get = db.prepare<[string], { value: string }>('SELECT value FROM setting WHERE key = ?')
  const put = db.prepare('INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  return {
    /** null when it was never set. */
    get: (key: string): unknown => {
      const row = get.get(key)
      return row ? JSON.parse(row.value) : null
    },
    put: (key: string, value: unknown) => put.run(key, JSON.stringify(value ?? null)),
  }
}
