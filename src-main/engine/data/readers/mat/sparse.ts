/** A sparse matrix, stored column by column: its values are held in memory, its rows are made dense a few at a time. */
import type { StratumError } from '#common/errors.ts'
import type { Numbers } from '../numbers.ts'
import type { MatArray } from './arrays.ts'

export interface SparseParts {
  /** Bytes of the three arrays together. */
  readonly bytes: number
  rows(signal?: AbortSignal): Promise<Numbers>
  starts(signal?: AbortSignal): Promise<Numbers>
  values(signal?: AbortSignal): Promise<Numbers>
  wrong(what: string): StratumError
}

const mostBytes = 1 << 30

export function sparseArray(
  name: string,
  dims: readonly number[],
  logical: boolean,
  parts: SparseParts,
): MatArray | { name: string; reason: string } {
  if (parts.bytes > mostBytes) return { name, reason: 'is a sparse matrix of more than 1 GB' }
  const [height = 0, width = 0] = dims
  let loaded: Promise<{ rows: Numbers; starts: Numbers; values: Numbers }> | undefined

  async function load(signal?: AbortSignal) {
    const [rows, starts, values] = [await parts.rows(signal), await parts.starts(signal), await parts.values(signal)]
    if (starts.length < width + 1) throw parts.wrong(`${starts.length} column starts for ${width} columns`)
    const count = starts[width] as number
    if (count > rows.length || count > values.length)
      throw parts.wrong(`${count} values, and ${Math.min(rows.length, values.length)} are there`)
    for (let j = 0; j < width; j++)
      if ((starts[j] as number) > (starts[j + 1] as number) || (starts[j] as number) < 0) throw parts.wrong('its columns are out of order')
    return { rows, starts, values }
  }

  async function readRows(from: number, to: number, signal?: AbortSignal): Promise<Float32Array> {
    loaded ??= load(signal).catch((thrown: unknown) => {
      loaded = undefined
      throw thrown
    })
    const { rows, starts, values } = await loaded
    const X = new Float32Array((to - from) * width)
    for (let j = 0; j < width; j++) {
      const end = starts[j + 1] as number
      for (let k = firstAtLeast(rows, starts[j] as number, end, from); k < end; k++) {
        const row = rows[k] as number
        if (row >= to) break
        if (row < from || row >= height) throw parts.wrong('its rows are out of order')
        X[(row - from) * width + j] = values[k] as number
      }
    }
    return X
  }

  return {
    name,
    type: 'float64',
    logical,
    sparse: true,
    dims,
    readRows,
    async read(low, high, signal) {
      const all = await readRows(low[0] as number, high[0] as number, signal)
      const [run, lines] = [(high[0] as number) - (low[0] as number), (high[1] as number) - (low[1] as number)]
      const out = new Float64Array(run * lines)
      for (let j = 0; j < lines; j++) for (let i = 0; i < run; i++) out[j * run + i] = all[i * width + (low[1] as number) + j] as number
      return out
    },
  }
}

/** First place in low … high−1 whose row is at least `wanted`; rows ascend within a column. */
function firstAtLeast(rows: Numbers, low: number, high: number, wanted: number): number {
  let [a, b] = [low, high]
  while (a < b) {
    const middle = (a + b) >>> 1
    if ((rows[middle] as number) < wanted) a = middle + 1
    else b = middle
  }
  return a
}
