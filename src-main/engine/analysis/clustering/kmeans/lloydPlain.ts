/**
 * Lloyd's iteration that looks at every distance, two rows and sixteen centres at a time (lloydKernel.ts). The rows are kept a second time,
 * centred: memory beside the points is 4 (d + 1) bytes per row. Distances are those of floats, so a row as near to two centres as a
 * millionth of its distance may be given to either on the way; what is returned as labels is decided in double precision, by kmeans.ts.
 */
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import { squaredDistance } from '#engine/analysis/distance.ts'
import type { Lloyd, LloydRun } from './lloyd.ts'
import { lloydKernel, paddedTo4 } from './lloydKernel.ts'
import type { Pace } from '#engine/analysis/pace.ts'

const mostCentres = 64
/** 256 MB of rows. */
const mostValues = 2 ** 26
/** Products of larger numbers would leave the range of floats. */
const mostMagnitude = 1e15
const rowsAtOnce = 8192

export function isPlainFaster(points: Float32Array, n: number, d: number, k: number): boolean {
  if (k > mostCentres || n * d > mostValues) return false
  for (let at = 0; at < n * d; at++) if (!(Math.abs(points[at]) < mostMagnitude)) return false
  return true
}

export function createPlainLloyd(points: Float32Array, n: number, d: number, k: number): Lloyd {
  const padded = paddedTo4(k)
  const pairs = n - (n % 2)
  // Addresses of: the number of changes, centres by column, half their squares, sums, labels, rows.
  const centresAt = 16
  const halvesAt = centresAt + 4 * padded * d
  const sumsAt = halvesAt + 4 * padded
  const labelsAt = sumsAt + 8 * (k * d + ((k * d) % 2)) + 16
  const rowsAt = labelsAt + 4 * (n + (n % 4 === 0 ? 0 : 4 - (n % 4)))
  const memory = new WebAssembly.Memory({ initial: Math.ceil((rowsAt + 4 * n * d) / 65_536) })
  const { pass } = instantiate({ pass: lloydKernel(k, d) }, memory)
  const { buffer } = memory
  const changed = new Int32Array(buffer, 0, 1)
  const byColumn = new Float32Array(buffer, centresAt, padded * d)
  const halves = new Float32Array(buffer, halvesAt, padded)
  const sums = new Float64Array(buffer, sumsAt, k * d)
  const labels = new Int32Array(buffer, labelsAt, n)
  const rows = new Float32Array(buffer, rowsAt, n * d)
  const middle = new Float64Array(d)
  const counts = new Float64Array(k)
  let isReady = false

  async function centreRows(pace: Pace): Promise<void> {
    for (let from = 0; from < n; from += rowsAtOnce) {
      for (let i = from, at = from * d; i < Math.min(n, from + rowsAtOnce); i++) for (let j = 0; j < d; j++, at++) middle[j] += points[at]
      if (pace.due()) await pace.rest()
    }
    for (let j = 0; j < d; j++) middle[j] /= n
    for (let from = 0; from < n; from += rowsAtOnce) {
      for (let i = from, at = from * d; i < Math.min(n, from + rowsAtOnce); i++)
        for (let j = 0; j < d; j++, at++) rows[at] = points[at] - middle[j]
      if (pace.due()) await pace.rest()
    }
    isReady = true
  }

  function placeCentres(centres: Float64Array): void {
    halves.fill(Number.POSITIVE_INFINITY)
    for (let c = 0; c < k; c++) {
      let squared = 0
      for (let j = 0; j < d; j++) {
        const value = Math.fround(centres[c * d + j] - middle[j])
        byColumn[j * padded + c] = value
        squared += value * value
      }
      halves[c] = squared / 2
    }
  }

  /** An odd last row, which has no other to go with. */
  function assignLast(): void {
    const i = n - 1
    let least = Number.POSITIVE_INFINITY
    let label = 0
    for (let c = 0; c < k; c++) {
      let score = halves[c]
      for (let j = 0; j < d; j++) score -= rows[i * d + j] * byColumn[j * padded + c]
      if (score >= least) continue
      least = score
      label = c
    }
    if (labels[i] === label) return
    for (let j = 0; j < d; j++) {
      if (labels[i] >= 0) sums[labels[i] * d + j] -= rows[i * d + j]
      sums[label * d + j] += rows[i * d + j]
    }
    labels[i] = label
    changed[0]++
  }

  async function assignAll(centres: Float64Array, pace: Pace): Promise<void> {
    placeCentres(centres)
    counts.fill(0)
    changed[0] = 0
    for (let from = 0; from < pairs; from += rowsAtOnce) {
      const to = Math.min(pairs, from + rowsAtOnce)
      pass(rowsAt + 4 * d * from, rowsAt + 4 * d * to, centresAt, halvesAt, labelsAt + 4 * from, sumsAt, 0)
      if (pace.due()) await pace.rest()
    }
    if (pairs < n) assignLast()
    for (let i = 0; i < n; i++) counts[labels[i]]++
  }

  /** An empty class takes the row that is farthest from its centre; none when every row lies on its centre. */
  function fillEmpty(centres: Float64Array): void {
    for (let c = 0; c < k; c++) {
      if (counts[c] > 0) continue
      let farthest = -1
      let most = 0
      for (let i = 0; i < n; i++) {
        if (counts[labels[i]] < 2) continue
        const found = squaredDistance(points, i * d, centres, labels[i] * d, d)
        if (found > most) {
          most = found
          farthest = i
        }
      }
      if (farthest < 0) continue
      const from = labels[farthest]
      labels[farthest] = c
      counts[from]--
      counts[c]++
      for (let j = 0; j < d; j++) {
        sums[from * d + j] -= rows[farthest * d + j]
        sums[c * d + j] += rows[farthest * d + j]
      }
    }
  }

  /** New centres; returns the sum of their squared moves. */
  function moveCentres(centres: Float64Array): number {
    let shift = 0
    for (let c = 0; c < k; c++) {
      if (counts[c] === 0) continue
      for (let j = 0; j < d; j++) {
        const next = sums[c * d + j] / counts[c] + middle[j]
        shift += (next - centres[c * d + j]) ** 2
        centres[c * d + j] = next
      }
    }
    return shift
  }

  async function run(
    centres: Float64Array,
    maxIterations: number,
    shiftLimit: number,
    pace: Pace,
    report: (fraction: number) => void,
  ): Promise<LloydRun> {
    if (!isReady) await centreRows(pace)
    labels.fill(-1)
    sums.fill(0)
    let iterations = 0
    while (iterations < maxIterations) {
      await assignAll(centres, pace)
      iterations++
      report(iterations / maxIterations)
      if (changed[0] === 0) break
      fillEmpty(centres)
      if (moveCentres(centres) <= shiftLimit) break
    }
    let inertia = 0
    for (let i = 0; i < n; i++) inertia += squaredDistance(points, i * d, centres, labels[i] * d, d)
    return { inertia, iterations }
  }
  return { run }
}
