/** Rows of a strip of 80 points with five bumps, each at one of ten places of its own part: five causes that can be told apart. */
import { stepKey, uniformsOf } from '../../src-main/engine/compute/random/counter.ts'

export const [bumps, places, bumpColumns] = [5, 10, 80]
const part = bumpColumns / bumps

/** @returns  X [n × 80] and for each bump its place in every row */
export function bumpRows(n: number, seed: number): { readonly X: Float32Array; readonly causes: readonly Int32Array[] } {
  const draw = uniformsOf(stepKey(seed, 0), 'bumps')
  const causes = Array.from({ length: bumps }, (_, k) =>
    Int32Array.from({ length: n }, (_v, i) => Math.floor(draw(i * bumps + k) * places)),
  )
  const X = Float32Array.from({ length: n * bumpColumns }, (_, at) => {
    const [row, column] = [Math.floor(at / bumpColumns), at % bumpColumns]
    const bump = Math.floor(column / part)
    const centre = bump * part + 3 + causes[bump][row]
    return Math.exp(-((column - centre) ** 2) / 8)
  })
  return { X, causes }
}
