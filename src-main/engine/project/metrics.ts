/** Table `metric`: the curves of a run. */
import type { Db } from './sqlite.ts'

export interface MetricPoint {
  step: number
  name: string
  value: number
}

export type MetricTable = ReturnType<typeof metricTable>

export function metricTable(db: Db) {
  const insert = db.prepare('INSERT OR REPLACE INTO metric (run, step, name, value) VALUES (?, ?, ?, ?)')
  const after = db.prepare<[number, number], MetricPoint>(
    'SELECT step, name, value FROM metric WHERE run = ? AND step > ? ORDER BY step, name',
  )
  const clear = db.prepare('DELETE FROM metric WHERE run = ?')
  const add = db.transaction((run: number, points: readonly MetricPoint[]) => {
    for (const { step, name, value } of points) insert.run(run, step, name, value)
  })
  return {
    /** A point that is not a finite number is a gap in the curve and is not stored. A step written again replaces the old value. */
    add: (run: number, points: readonly MetricPoint[]) =>
      add(
        run,
        points.filter(({ value }) => Number.isFinite(value)),
      ),
    after: (run: number, step: number) => after.all(run, step),
    clear: (run: number) => clear.run(run),
  }
}
