/** Table `journal`: renames, annotations and relinked sources in order, for undo and redo. Entries after the last undone one are a future that a new change discards. */
import type { Db } from './sqlite.ts'

export interface JournalRow {
  readonly id: number
  readonly artifact: number
  readonly field: 'name' | 'annotations'
  readonly label: string
  readonly before: string
  readonly after: string
}

/** As many changes can be undone; older ones are forgotten. */
export const journalLength = 200

export type JournalTable = ReturnType<typeof journalTable>

export function journalTable(db: Db) {
  const insert = db.prepare('INSERT INTO journal (artifact, field, label, before, after, created_at) VALUES (?, ?, ?, ?, ?, ?)')
  const forgetUndone = db.prepare('DELETE FROM journal WHERE undone = 1')
  const trim = db.prepare('DELETE FROM journal WHERE id <= (SELECT id FROM journal ORDER BY id DESC LIMIT 1 OFFSET ?)')
  const lastDone = db.prepare<[], JournalRow>('SELECT * FROM journal WHERE undone = 0 ORDER BY id DESC LIMIT 1')
  const firstUndone = db.prepare<[], JournalRow>('SELECT * FROM journal WHERE undone = 1 ORDER BY id LIMIT 1')
  const mark = db.prepare('UPDATE journal SET undone = ? WHERE id = ?')
  return {
    add: (entry: Omit<JournalRow, 'id'>) => {
      forgetUndone.run()
      insert.run(entry.artifact, entry.field, entry.label, entry.before, entry.after, new Date().toISOString())
      trim.run(journalLength)
    },
    toUndo: () => lastDone.get(),
    toRedo: () => firstUndone.get(),
    mark: (id: number, undone: boolean) => mark.run(undone ? 1 : 0, id),
  }
}
