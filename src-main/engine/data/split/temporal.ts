/** The last share of the rows is held out, so that a model is judged on what came after it learned. */
import { counted } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { type FieldValue, parseTime } from '../fields.ts'
import { heldOut, learned, type RowSides, sidesOf } from './sides.ts'

export interface TemporalSplit {
  readonly sides: RowSides
  /** Rows between both parts that belong to neither. */
  readonly gapRows: number
  /** Rows without a time that can be read; they belong to neither. */
  readonly withoutTime: number
}

/**
 * Rows of the same time are never parted. Memory: 13 bytes per row.
 * @param times   [rows] null where a row has none; null for the order of the rows
 * @param passes  [rows] 1 for rows that are used at all
 * @param gap     rows before the held-out ones that are left out, so that what overlaps does not leak
 * @throws DATA_UNSUITABLE when no row has a time, or all have the same, or the gap leaves none to learn from
 */
export function temporalSides(times: Float64Array | null, passes: Uint8Array, share: number, gap: number): TemporalSplit {
  const rows = passes.length
  const timeOf = times ? (row: number) => times[row] : (row: number) => row
  const isPlaced = (row: number): boolean => passes[row] === 1 && !Number.isNaN(timeOf(row))
  let placed = 0
  for (let row = 0; row < rows; row++) if (isPlaced(row)) placed++
  const order = new Uint32Array(placed)
  for (let row = 0, at = 0; row < rows; row++) if (isPlaced(row)) order[at++] = row
  const used = passes.reduce((sum, pass) => sum + pass, 0)
  if (times) order.sort((a, b) => times[a] - times[b] || a - b)
  if (order.length < 2 || timeOf(order[0]) === timeOf(order[order.length - 1]))
    throw new StratumError(
      'DATA_UNSUITABLE',
      order.length === 0 ? 'No row has a time, so nothing comes last.' : 'All rows have the same time, so none comes last.',
      'Choose another field for the time, or split by the order of the rows.',
      { parameter: 'splitField' },
    )
  const side = new Uint8Array(rows)
  let first = share === 0 ? order.length : Math.min(order.length - 1, Math.max(1, Math.round((1 - share) * order.length)))
  // To where the time changes: down, else up.
  let cut = first
  while (cut > 0 && cut < order.length && timeOf(order[cut - 1]) === timeOf(order[cut])) cut--
  if (cut === 0) while (first < order.length && timeOf(order[first - 1]) === timeOf(order[first])) first++
  else first = cut
  const last = Math.max(0, first - (first < order.length ? gap : 0))
  if (last === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The gap of ${gap} before ${counted(order.length - first, 'held-out row')} leaves none of ${order.length} to learn from.`,
      'Choose a smaller gap, or hold out a smaller share.',
      { parameter: 'gap' },
    )
  for (let i = 0; i < last; i++) side[order[i]] = learned
  for (let i = first; i < order.length; i++) side[order[i]] = heldOut
  return { sides: sidesOf(side), gapRows: first - last, withoutTime: used - order.length }
}

/** Numbers as they are, texts as dates in milliseconds; NaN for what is neither. */
export function asTimes(values: readonly FieldValue[]): Float64Array {
  return Float64Array.from(values, (value) => {
    if (value === null || value === '') return Number.NaN
    const number = Number(value)
    return Number.isNaN(number) ? parseTime(String(value)) : number
  })
}
