/**
 * Which values of prepared rows something stands in for: a bit for each source, the lowest first, so that what a class looks like is told
 * from values that are there. A mean of a third medians would tell more of the column than of the class.
 */
import type { Column } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/steps.ts'
import { asRead, columnsAfter } from './pipeline.ts'

const bytesFor = (sources: number): number => Math.ceil(sources / 8)

export interface MissingBits {
  /** Bytes of a row. */
  readonly width: number
  /** @param X  [n × read columns] rows before any step. @returns [n × width] */
  of(X: Float32Array, n: number): Uint8Array
}

/** @param read  the columns that go through the steps; those that no step leaves out are the sources */
export function missingBitsOf(steps: readonly FittedStep[], read: readonly Column[]): MissingBits {
  const d = read.length
  const places = Uint32Array.from(new Set(columnsAfter(steps, asRead(read)).map(({ source }) => source)))
  const width = bytesFor(places.length)
  return {
    width,
    of(X, n) {
      const bits = new Uint8Array(n * width)
      for (let i = 0; i < n; i++)
        for (let s = 0; s < places.length; s++) {
          const value = X[i * d + places[s]]
          if (value - value !== 0) bits[i * width + (s >> 3)] |= 1 << (s & 7)
        }
      return bits
    },
  }
}

/** Takes the stand-ins out again. X [n × sources], in place. */
export function unsetMissing(X: Float32Array, bits: Uint8Array, n: number): void {
  const sources = X.length / n
  const width = bytesFor(sources)
  for (let i = 0; i < n; i++)
    for (let s = 0; s < sources; s++) if ((bits[i * width + (s >> 3)] >> (s & 7)) & 1) X[i * sources + s] = Number.NaN
}
