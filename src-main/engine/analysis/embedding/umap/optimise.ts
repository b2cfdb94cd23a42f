/**
 * Stochastic gradient descent on the cross entropy of the fuzzy set and its layout, with negative samples.
 *
 *   along an edge     y_i −= α · clip(2ab s^{b−1} / (1 + a s^b) · (y_i − y_j))         s = ‖y_i − y_j‖², the other end alike
 *   off five others   y_i += α · clip(2γb / ((0.001 + s)(1 + a s^b)) · (y_i − y_j))    clip to ±4, α falls to 0 with the passes
 *
 * An edge of weight w is used in w / max w of the passes, in a fixed order, by one thread (kernel.ts): results depend on the seed alone.
 * Memory: 20 bytes an edge.
 */
import { StratumError } from '#common/errors.ts'
import { instantiate, type Kernels } from '../../../compute/wasm/assembler.ts'
import type { Pace } from '../../pace.ts'
import type { RandomStream } from '../../random.ts'
import type { Curve } from './curve.ts'
import type { Edges } from '../union.ts'
import { edgeBytes, passOf, writeEdge } from './kernel.ts'

/** Edges between two looks at the clock: a few milliseconds. */
const edgesAtOnce = 16_384
const pointsAt = 64
/** Addresses are signed, and points lie beside edges. */
const mostEdges = Math.floor((2 ** 31 - 2 ** 27) / edgeBytes)

export interface OptimiseOptions {
  readonly passes: number
  readonly curve: Curve
  /** γ */
  readonly repulsion: number
  readonly learningRate: number
  readonly random: RandomStream
  readonly pace: Pace
  readonly isEnough: () => boolean
  /** Share of the passes that is done. */
  readonly report?: (fraction: number) => void
  /** Told after each pass; the plane is another one after the next. */
  readonly after: (plane: Float32Array) => void
}

/** Throws where a layout of so many edges would not fit. */
export function checkEdges(edges: number): void {
  if (edges <= mostEdges) return
  throw new StratumError(
    'MEMORY_EXCEEDED',
    `A layout takes at most ${mostEdges} pairs of neighbours, and there would be at least ${edges}.`,
    'Use fewer rows or fewer neighbours.',
  )
}

/** Moves Y [n × 2]. @returns passes done */
export async function optimise(Y: Float32Array, n: number, set: Edges, options: OptimiseOptions): Promise<number> {
  const { passes, curve, repulsion, learningRate, random, pace, isEnough, report, after } = options
  const edgesAt = pointsAt + Math.ceil(n / 8) * 64
  const end = edgesAt + edgeBytes * set.targets.length
  checkEdges(set.targets.length)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65_536) })
  const { pass: carryOut }: Kernels<'pass'> = instantiate({ pass: passOf(curve, repulsion) }, memory)
  // The generators must not begin with 0.
  new Int32Array(memory.buffer, 0, 4).set(Array.from({ length: 4 }, () => 1 + random.below(2 ** 31 - 1)))
  const plane = new Float32Array(memory.buffer, pointsAt, 2 * n)
  plane.set(Y)
  await writeEdges(memory, edgesAt, n, set, pace)

  let done = 0
  for (; done < passes && !isEnough(); done++) {
    const alpha = learningRate * (1 - done / passes)
    for (let from = edgesAt; from < end; from += edgesAtOnce * edgeBytes) {
      carryOut(from, Math.min(end, from + edgesAtOnce * edgeBytes), pointsAt, n, 0, done, alpha)
      if (!pace.due()) continue
      report?.((done + (from - edgesAt) / (end - edgesAt)) / passes)
      await pace.rest()
    }
    report?.((done + 1) / passes)
    after(plane)
  }
  Y.set(plane)
  return done
}

async function writeEdges(
  { buffer }: WebAssembly.Memory,
  at: number,
  n: number,
  { starts, targets, weights }: Edges,
  pace: Pace,
): Promise<void> {
  const words = new Int32Array(buffer, at)
  const numbers = new Float32Array(buffer, at)
  let largest = 0
  for (let e = 0; e < weights.length; e++) largest = Math.max(largest, weights[e])
  for (let i = 0; i < n; i++) {
    for (let e = starts[i]; e < starts[i + 1]; e++) writeEdge(words, numbers, 5 * e, 8 * i, 8 * targets[e], largest / weights[e])
    if (i % 1024 === 0 && pace.due()) await pace.rest()
  }
}
