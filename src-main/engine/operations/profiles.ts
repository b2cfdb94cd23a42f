/**
 * What the classes of a clustering look like in the source's own units: mean and spread of every column per class,
 * from the rows that were drawn for learning and checking (a fair sample of the valid rows).
 */
import { type MatrixMeta, sourcesOf } from '#common/domain/results.ts'
import { firstOfEach } from '../compute/rowReader.ts'
import { invertPipeline } from '../data/pipeline/pipeline.ts'
import type { Project } from '../project/project.ts'

/** Collects the labels of chosen rows while a label array streams by. `wanted` ascending. Memory: one label per wanted row. */
export class LabelPicker {
  readonly labels: Uint16Array
  readonly #wanted: Float64Array
  #next = 0

  constructor(wanted: Float64Array) {
    this.#wanted = wanted
    this.labels = new Uint16Array(wanted.length)
  }

  /** Rows start … start + labels.length − 1; calls come in ascending order. */
  see(start: number, labels: Uint16Array): void {
    while (this.#next < this.#wanted.length && this.#wanted[this.#next] < start + labels.length) {
      this.labels[this.#next] = labels[this.#wanted[this.#next] - start]
      this.#next++
    }
  }
}

export interface DrawnRows {
  /** Row numbers, ascending. */
  readonly index: Float64Array
  /** [n × D] in source units, in the order of `index`. */
  readonly X: Float32Array
  readonly columns: number
  /** Positions of the columns that are categories. */
  readonly categories?: readonly number[]
}

/** More rows would not change what a class looks like. */
const mostBytes = 128e6
/** From so many places of each part, when not all rows are taken. */
const stretches = 256

/** The drawn rows of a matrix, beyond 128 MB a part spread evenly over them, in source units and sorted by row number. Memory: three times that. */
export function readDrawnRows(project: Project, matrixId: number, most = mostBytes): DrawnRows {
  const matrix = project.artifact(matrixId).meta as unknown as MatrixMeta
  const width = matrix.columns.length
  const d = width - (matrix.conditions ?? 0)
  const share = Math.min(1, most / ((matrix.trainRows + matrix.holdoutRows) * width * Float32Array.BYTES_PER_ELEMENT))
  const within = matrix.steps.some((step) => step.id === 'scale-within')
  const parts = (['train', 'holdout'] as const).flatMap((part) => {
    const [numbers, rows] = [project.array(matrixId, `${part}Index`), project.array(matrixId, part)]
    return spread(rows.shape[0], share).map(([from, to]) => ({
      index: numbers.read(from, to) as Float64Array,
      X: firstOfEach(rows.read(from, to) as Float32Array, to - from, width, d),
      groups: within ? (project.array(matrixId, `${part}Group`).read(from, to) as Int32Array) : null,
    }))
  })
  const n = parts.reduce((sum, { index }) => sum + index.length, 0)
  const index = new Float64Array(n)
  const sources = sourcesOf(matrix)
  const sourceCount = sources.length
  const X = new Float32Array(n * sourceCount)
  let offset = 0
  for (const part of parts) {
    index.set(part.index, offset)
    X.set(invertPipeline(matrix.steps, part.X, part.index.length, d, { groups: part.groups ?? undefined }), offset * sourceCount)
    offset += part.index.length
  }
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => index[a] - index[b])
  const sortedX = new Float32Array(n * sourceCount)
  for (let i = 0; i < n; i++) sortedX.set(X.subarray(order[i] * sourceCount, (order[i] + 1) * sourceCount), i * sourceCount)
  const categories = sources.flatMap(({ type }, j) => (type === 'category' ? [j] : []))
  return { index: Float64Array.from(order, (i) => index[i]), X: sortedX, columns: sourceCount, categories }
}

/** Stretches that together make a share of n rows: all of them in one, or many of equal length. */
function spread(n: number, share: number): (readonly [from: number, to: number])[] {
  if (share === 1 || n <= stretches) return [[0, n]]
  const length = Math.max(1, Math.floor((share * n) / stretches))
  return Array.from({ length: stretches }, (_, i) => {
    const from = Math.floor((i * (n - length)) / (stretches - 1))
    return [from, from + length]
  })
}

/**
 * Mean and standard deviation per class 1…k and column, of a category its commonest value and the share of the others; NaN-free: a class
 * without sampled rows has empty lists.
 */
export function classProfiles(
  { X, columns: d, categories = [] }: DrawnRows,
  labels: Uint16Array,
  k: number,
): { mean: number[]; sd: number[] }[] {
  const count = new Float64Array(k + 1)
  const sum = new Float64Array((k + 1) * d)
  const squares = new Float64Array((k + 1) * d)
  for (let i = 0; i < labels.length; i++) {
    const c = labels[i]
    count[c]++
    for (let j = 0; j < d; j++) sum[c * d + j] += X[i * d + j]
  }
  const mean = (c: number, j: number) => sum[c * d + j] / count[c]
  for (let i = 0; i < labels.length; i++) {
    const c = labels[i]
    for (let j = 0; j < d; j++) squares[c * d + j] += (X[i * d + j] - mean(c, j)) ** 2
  }
  return Array.from({ length: k }, (_, i) => {
    const c = i + 1
    if (count[c] === 0) return { mean: [], sd: [] }
    const columns = Array.from({ length: d }, (_, j) => j)
    const profile = { mean: columns.map((j) => mean(c, j)), sd: columns.map((j) => Math.sqrt(squares[c * d + j] / count[c])) }
    for (const j of categories) {
      const [value, rows] = commonest(X, d, j, labels, c)
      profile.mean[j] = value
      profile.sd[j] = 1 - rows / count[c]
    }
    return profile
  })
}

function commonest(X: Float32Array, d: number, j: number, labels: Uint16Array, c: number): readonly [value: number, rows: number] {
  const counts = new Map<number, number>()
  for (let i = 0; i < labels.length; i++) if (labels[i] === c) counts.set(X[i * d + j], (counts.get(X[i * d + j]) ?? 0) + 1)
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))
}
