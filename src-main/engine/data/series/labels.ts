/** The label of a window from the labels of its rows. */
import { isNormalLabel } from '../normalLabels.ts'
import type { SeriesOptions } from './options.ts'
import type { Ring } from './windower.ts'

type Cell = string | number | null

/** Rows that were filled in have no label. `any` is the first label that is not normal. */
export function labelOf(
  { rows, head }: Pick<Ring, 'rows' | 'head'>,
  labels: readonly Cell[],
  rule: SeriesOptions['series.labelRule'],
): Cell {
  const { length } = rows
  const inWindow: Cell[] = []
  for (let k = 0; k < length; k++) {
    const row = rows[(head + k) % length] as number
    if (row >= 0) inWindow.push(labels[row] ?? null)
  }
  const last = inWindow.at(-1) ?? null
  if (rule === 'last') return last
  if (rule === 'any') return inWindow.find((cell) => !isNormalLabel(cell)) ?? inWindow.find((cell) => cell !== null) ?? null
  const counts = new Map<Cell, number>()
  for (const cell of inWindow) if (cell !== null) counts.set(cell, (counts.get(cell) ?? 0) + 1)
  let [winner, most] = [null as Cell, 0]
  for (const [cell, count] of counts) if (count > most) [winner, most] = [cell, count]
  return winner
}
