/**
 * Sorts of millions of numbers in steps of a few milliseconds: runs are sorted, then merged two by two, each place of the next round taking
 * the smaller of two heads. Memory: the numbers once more.
 */
import type { Steps } from '../pace.ts'

/** Sorted in one go, and merged between two steps. */
const atOnce = 2 ** 16

/** Rising, in place; numbers only. */
export function* sortSteps<Numbers extends Float32Array | Float64Array>(values: Numbers): Steps<Numbers> {
  for (let from = 0; from < values.length; from += atOnce) {
    values.subarray(from, from + atOnce).sort()
    yield
  }
  const Same = values.constructor as new (length: number) => Numbers
  const merged = yield* mergeRuns<Float32Array | Float64Array>(
    values,
    new Same(values.length <= atOnce ? 0 : values.length),
    (value) => value,
  )
  if (merged !== values) values.set(merged)
  return values
}

/** Places of the keys from the least to the greatest; of equal ones the earlier first. */
export function* orderSteps(keys: ArrayLike<number>): Steps<Uint32Array> {
  const order = new Uint32Array(keys.length)
  for (let from = 0; from < order.length; from += atOnce) {
    const run = order.subarray(from, from + atOnce)
    for (let i = 0; i < run.length; i++) run[i] = from + i
    run.sort((a, b) => keys[a] - keys[b])
    yield
  }
  return yield* mergeRuns(order, new Uint32Array(order.length <= atOnce ? 0 : order.length), (place) => keys[place])
}

/** @returns the one of both in which the last round ended */
function* mergeRuns<Numbers extends { readonly length: number; [place: number]: number }>(
  a: Numbers,
  b: Numbers,
  keyOf: (value: number) => number,
): Steps<Numbers> {
  let [from, to] = [a, b]
  for (let width = atOnce; width < a.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      const [middle, end] = [Math.min(from.length, start + width), Math.min(from.length, start + 2 * width)]
      let [i, j] = [start, middle]
      for (let at = start; at < end; ) {
        const stop = Math.min(end, at + atOnce)
        for (; at < stop; at++) to[at] = j >= end || (i < middle && keyOf(from[i]) <= keyOf(from[j])) ? from[i++] : from[j++]
        yield
      }
    }
    ;[from, to] = [to, from]
  }
  return from
}
