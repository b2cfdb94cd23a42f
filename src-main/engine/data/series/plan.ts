/**
 * What windows there are, from the times and units of all rows. The same walk is made again over values and labels, so a
 * window is the same whoever asks.
 *
 * Memory: 16 bytes per row of the table and 40 per window.
 */
import { type Emit, type GapCount, Windower, type WindowerOptions } from './windower.ts'

export interface RowKeys {
  /** Times of the rows; NaN rows belong to no window. */
  readonly times: Float64Array
  /** Unit of each row, by position among `unitNames`; null when there is one unit only. */
  readonly units: Uint32Array | null
  readonly unitNames: readonly string[]
}

/** Rows in the order in which they are cut: null as they stand in the table. */
export type RowOrder = Uint32Array | null

export interface Disorder {
  /** First row that is earlier than the row of its unit before it. */
  readonly row: number
  readonly unit: string
}

/** Where times run backwards within a unit; null where they never do. Equal times are counted. */
export function findDisorder({ times, units, unitNames }: RowKeys): { disorder: Disorder | null; repeated: number; firstRepeated: number } {
  const last = new Float64Array(unitNames.length).fill(Number.NEGATIVE_INFINITY)
  let disorder: Disorder | null = null
  let repeated = 0
  let firstRepeated = -1
  for (let row = 0; row < times.length; row++) {
    const time = times[row] as number
    if (Number.isNaN(time)) continue
    const unit = units === null ? 0 : (units[row] as number)
    if (time < (last[unit] as number)) disorder ??= { row, unit: unitNames[unit] as string }
    else if (time === last[unit]) {
      repeated++
      if (firstRepeated < 0) firstRepeated = row
    }
    last[unit] = Math.max(last[unit] as number, time)
  }
  return { disorder, repeated, firstRepeated }
}

/** Unit by unit in the order of their first rows, by time within a unit, rows of equal time as they stand. */
export function sortRows({ times, units }: RowKeys): Uint32Array {
  const rows = Uint32Array.from({ length: times.length }, (_, i) => i).filter((row) => !Number.isNaN(times[row] as number))
  return rows.sort(
    (a, b) => (units === null ? 0 : (units[a] as number) - (units[b] as number)) || (times[a] as number) - (times[b] as number) || a - b,
  )
}

/** The median of the steps forward of each unit; 0 for a unit without any. */
export function usualSteps({ times, units, unitNames }: RowKeys, order: RowOrder): Float64Array {
  const n = order?.length ?? times.length
  const counts = new Float64Array(unitNames.length + 1)
  for (let i = 0; i < n; i++) {
    const row = order === null ? i : (order[i] as number)
    counts[(units === null ? 0 : (units[row] as number)) + 1]!++
  }
  for (let u = 0; u < unitNames.length; u++) counts[u + 1]! += counts[u] as number
  const filled = counts.slice()
  const last = new Float64Array(unitNames.length).fill(Number.NaN)
  const steps = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const row = order === null ? i : (order[i] as number)
    const unit = units === null ? 0 : (units[row] as number)
    const time = times[row] as number
    if (Number.isNaN(time)) continue
    const step = time - (last[unit] as number)
    if (step > 0) steps[filled[unit]!++] = step
    last[unit] = time
  }
  return Float64Array.from(unitNames, (_, unit) => {
    const sorted = steps.subarray(counts[unit] as number, filled[unit] as number).sort()
    return sorted.length === 0 ? 0 : (sorted[sorted.length >> 1] as number)
  })
}

/** Row after which a unit has no more rows, and how many units are open at once at most. */
export function unitEnds({ times, units, unitNames }: RowKeys, order: RowOrder): { lastOf: Float64Array; mostOpen: number } {
  const lastOf = new Float64Array(unitNames.length).fill(-1)
  const n = order?.length ?? times.length
  if (units === null) return { lastOf, mostOpen: 1 }
  for (let i = 0; i < n; i++) {
    const row = order === null ? i : (order[i] as number)
    lastOf[units[row] as number] = row
  }
  const seen = new Uint8Array(unitNames.length)
  let [open, mostOpen] = [0, 0]
  for (let i = 0; i < n; i++) {
    const row = order === null ? i : (order[i] as number)
    const unit = units[row] as number
    if (seen[unit] === 0) {
      seen[unit] = 1
      mostOpen = Math.max(mostOpen, ++open)
    }
    if (lastOf[unit] === row) open--
  }
  return { lastOf, mostOpen }
}

/** Windows in the order in which they are handed out. */
export interface WindowTable {
  readonly count: number
  readonly unit: Uint32Array
  readonly start: Float64Array
  readonly end: Float64Array
  /** First and last row of the table in the window. */
  readonly first: Float64Array
  readonly last: Float64Array
  readonly counted: GapCount
  /** Rows of the longest stretch without gaps. */
  readonly longest: number
}

const nothing = new Float32Array(0)

/** Every row through a windower, without values. */
export function walk(
  keys: RowKeys,
  order: RowOrder,
  lastOf: Float64Array,
  options: Omit<WindowerOptions, 'columns'>,
  emit: Emit,
): GapCount {
  const { times, units } = keys
  const windower = new Windower({ ...options, columns: 0 }, emit)
  const n = order?.length ?? times.length
  for (let i = 0; i < n; i++) {
    const row = order === null ? i : (order[i] as number)
    const unit = units === null ? 0 : (units[row] as number)
    const time = times[row] as number
    if (!Number.isNaN(time)) windower.push(unit, time, row, nothing, 0)
    if (row === lastOf[unit]) windower.close(unit)
  }
  return windower.counted
}

export function planWindows(keys: RowKeys, order: RowOrder, lastOf: Float64Array, options: Omit<WindowerOptions, 'columns'>): WindowTable {
  let capacity = 1024
  let unit = new Uint32Array(capacity)
  let [start, end, first, last] = [0, 0, 0, 0].map(() => new Float64Array(capacity)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  let count = 0
  const { length } = options
  const counted = walk(keys, order, lastOf, options, (of, ring) => {
    if (count === capacity) {
      capacity *= 2
      const larger = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
        to.set(from)
        return to
      }
      unit = larger(unit, new Uint32Array(capacity))
      start = larger(start, new Float64Array(capacity))
      end = larger(end, new Float64Array(capacity))
      first = larger(first, new Float64Array(capacity))
      last = larger(last, new Float64Array(capacity))
    }
    const newest = (ring.head + length - 1) % length
    unit[count] = of
    start[count] = ring.times[ring.head] as number
    end[count] = ring.times[newest] as number
    first[count] = realRow(ring.rows, ring.head, length, 1)
    last[count] = realRow(ring.rows, newest, length, -1)
    count++
  })
  const longest = count > 0 ? length : longestRun(keys, order, options)
  return {
    count,
    unit: unit.subarray(0, count),
    start: start.subarray(0, count),
    end: end.subarray(0, count),
    first: first.subarray(0, count),
    last: last.subarray(0, count),
    counted,
    longest,
  }
}

/** The nearest row of the table, from one end of a window inwards. */
function realRow(rows: Float64Array, from: number, length: number, direction: 1 | -1): number {
  for (let k = 0, at = from; k < length; k++, at = (at + direction + length) % length)
    if ((rows[at] as number) >= 0) return rows[at] as number
  return -1
}

/** For the hint when there is no window at all. */
function longestRun(keys: RowKeys, order: RowOrder, options: Omit<WindowerOptions, 'columns'>): number {
  let longest = 0
  const none = new Float64Array(keys.unitNames.length).fill(-1)
  walk(keys, order, none, { ...options, length: 1, stride: 1 }, (_, ring) => {
    longest = Math.max(longest, ring.run)
  })
  return longest
}
