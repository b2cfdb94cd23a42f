/** A block out of an array that lies in a row, first axis fastest: as few reads as are sensible, none of more than 16 MB. */
import { throwIfCancelled } from '#common/errors.ts'
import type { Numbers } from '../numbers.ts'
import { sizeOf } from './arrays.ts'

const mostItems = 2 << 20
/** Reading what lies between two wanted runs is cheaper than a second read, up to this much of it. */
const mostWaste = 16

export async function readBlock(
  items: (from: number, n: number, signal?: AbortSignal) => Promise<Numbers>,
  dims: readonly number[],
  low: readonly number[],
  high: readonly number[],
  signal?: AbortSignal,
): Promise<Numbers> {
  const sizes = dims.map((_, axis) => (high[axis] as number) - (low[axis] as number))
  const run = sizes[0] as number
  const across = dims[0] as number
  const second = sizes[1] ?? 1
  const others = sizes.slice(2)
  const blocks = sizeOf(others)
  const total = run * second * blocks
  let out: Numbers | undefined
  const put = (values: Numbers, from: number, at: number, n: number): void => {
    out ??= new (values.constructor as Float64ArrayConstructor)(total)
    out.set(values.subarray(from, from + n), at)
  }
  const perRead = across / Math.max(1, run) <= mostWaste ? Math.max(1, Math.floor(mostItems / across)) : 1
  const index = others.map((_, i) => low[i + 2] as number)
  for (let block = 0; block < blocks; block++) {
    let start = low[0] as number
    let stride = across
    for (let axis = 1; axis < dims.length; axis++) {
      start += (axis === 1 ? (low[1] as number) : (index[axis - 2] as number)) * stride
      stride *= dims[axis] as number
    }
    for (let j = 0; j < second; j += perRead) {
      if (signal) throwIfCancelled(signal)
      const lines = Math.min(perRead, second - j)
      const values = await items(start + j * across, (lines - 1) * across + run, signal)
      for (let line = 0; line < lines; line++) put(values, line * across, (block * second + j + line) * run, run)
    }
    for (let axis = 0; axis < index.length; axis++) {
      index[axis] = (index[axis] as number) + 1
      if ((index[axis] as number) < (high[axis + 2] as number)) break
      index[axis] = low[axis + 2] as number
    }
  }
  return out ?? new Float64Array(0)
}
