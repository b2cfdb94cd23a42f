/** Which numbers of a code are worth looking at, and how it is said. */
import { formatNumber, formatSignificant } from '../../lib/format.ts'

/** Beyond these the first numbers of a code are no better than any other, and most may be zero everywhere. */
export const mostShown = 16

/** The two codes to begin with: the first two, of many the two with the widest range. */
export function firstAxes(ranges: readonly { readonly min: number; readonly max: number }[]): readonly [number, number] {
  if (ranges.length <= mostShown) return [0, 1]
  let [first, second] = [0, 1]
  const width = (i: number): number => (ranges[i] as { min: number; max: number }).max - (ranges[i] as { min: number; max: number }).min
  if (width(second) > width(first)) [first, second] = [second, first]
  for (let i = 2; i < ranges.length; i++) {
    if (width(i) > width(first)) [first, second] = [i, first]
    else if (width(i) > width(second)) second = i
  }
  return [first, second]
}

/** One row's code for a tooltip: its first four numbers, or the four that stand out of many. */
export function codeWords(codes: Float32Array, codeSize: number, row: number): string {
  const code = codes.subarray(row * codeSize, (row + 1) * codeSize)
  if (codeSize <= mostShown) return `${Array.from(code.subarray(0, 4), (v) => formatSignificant(v)).join(', ')}${codeSize > 4 ? ' …' : ''}`
  return strongest(code, 4)
    .map((i) => `${formatNumber(i + 1)}: ${formatSignificant(code[i] as number)}`)
    .join(', ')
}

/** Positions of the largest values, sign aside, largest first; zeros are left out. */
export function strongest(code: Float32Array, count: number): number[] {
  const found: number[] = []
  const size = (i: number): number => Math.abs(code[i] as number)
  for (let i = 0; i < code.length; i++) {
    if (!(size(i) > 0) || (found.length === count && size(i) <= size(found.at(-1) as number))) continue
    const at = found.findIndex((other) => size(other) < size(i))
    found.splice(at < 0 ? found.length : at, 0, i)
    if (found.length > count) found.pop()
  }
  return found
}
