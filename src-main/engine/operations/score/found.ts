/** What is kept with scores beside them: scores of held-out rows, the highest rows, rows whose labels were used. */
import type { Draft } from '../../project/project.ts'

/** Scores a confidence is told from. */
const keptCalibration = 100_000

interface LearnedRows {
  readonly count: number
  readonly blocks: Iterable<{ readonly rows: Float64Array }>
}

/** @param calibration rising · learned: rows whose labels had a say */
export function writeFound(
  draft: Draft,
  calibration: Float64Array,
  highest: { readonly rows: Float64Array; readonly scores: Float32Array },
  learned: LearnedRows | null,
): void {
  const write = (name: string, dtype: 'float32' | 'float64', values: Float32Array | Float64Array): void => {
    const writer = draft.writeArray(name, { dtype, shape: [values.length] })
    writer.append(values)
    writer.finish()
  }
  const n = calibration.length
  const kept = Math.min(n, keptCalibration)
  write(
    'calibration',
    'float32',
    Float32Array.from({ length: kept }, (_, i) => calibration[kept === n ? i : Math.round((i * (n - 1)) / (kept - 1))]),
  )
  write('top/row', 'float64', highest.rows)
  write('top/score', 'float32', highest.scores)
  if (!learned) return
  const writer = draft.writeArray('learned/row', { dtype: 'float64', shape: [learned.count] })
  for (const { rows } of learned.blocks) if (rows.length > 0) writer.append(rows)
  writer.finish()
}
