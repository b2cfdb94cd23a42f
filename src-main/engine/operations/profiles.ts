/**
 * What the classes of a clustering look like in the source's own units: mean and spread of every column per class, and in which
 * columns it differs most from the others, from the rows that were drawn for learning and checking (a fair sample of the valid rows).
 */
import { type MatrixMeta, sourcesOf } from '#common/domain/results.ts'
import { atOnce, type Steps } from '../analysis/pace.ts'
import { againstRest, cramersV, type Difference, type Distinguishing, strongest } from '../analysis/statistics/distinguishing.ts'
import { orderSteps } from '../analysis/statistics/sortSteps.ts'
import { firstOfEach } from '../compute/rowReader.ts'
import { unsetMissing } from '../data/pipeline/missingBits.ts'
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
  /** [n × D] in source units, in the order of `index`; NaN where the source has no value. */
  readonly X: Float32Array
  readonly columns: number
  /** Positions of the columns that are categories. */
  readonly categories?: readonly number[]
}

/** More rows would not change what a class looks like. */
const mostBytes = 128e6
/** Numbers between two steps. */
const valuesAtOnce = 2 ** 19
/** From so many places of each part, when not all rows are taken. */
const stretches = 256

/** The drawn rows of a matrix, beyond 128 MB a part spread evenly over them, in source units and sorted by row number. Memory: three times that. */
export const readDrawnRows = (project: Project, matrixId: number, most = mostBytes): DrawnRows =>
  atOnce(drawnRowsSteps(project, matrixId, most))

/** The same in steps. */
export function* drawnRowsSteps(project: Project, matrixId: number, most = mostBytes): Steps<DrawnRows> {
  const artifact = project.artifact(matrixId)
  const matrix = artifact.meta as unknown as MatrixMeta
  const width = matrix.columns.length
  const d = width - (matrix.conditions ?? 0)
  const share = Math.min(1, most / ((matrix.trainRows + matrix.holdoutRows) * width * Float32Array.BYTES_PER_ELEMENT))
  const within = matrix.steps.some((step) => step.id === 'scale-within')
  const marked = artifact.arrays.some(({ name }) => name === 'trainMissing')
  const pieces = (['train', 'holdout'] as const).flatMap((part) =>
    spread(project.array(matrixId, part).shape[0], share)
      .flatMap((stretch) => cut(stretch, Math.ceil(valuesAtOnce / width)))
      .map(([from, to]) => ({ part, from, to })),
  )
  const n = pieces.reduce((sum, { from, to }) => sum + to - from, 0)
  const index = new Float64Array(n)
  const sources = sourcesOf(matrix)
  const columns = sources.length
  const X = new Float32Array(n * columns)
  let offset = 0
  for (const { part, from, to } of pieces) {
    const read = <Numbers>(name: string): Numbers => project.array(matrixId, `${part}${name}`).read(from, to) as Numbers
    index.set(read<Float64Array>('Index'), offset)
    const groups = within ? read<Int32Array>('Group') : undefined
    const back = invertPipeline(matrix.steps, firstOfEach(read<Float32Array>(''), to - from, width, d), to - from, d, { groups })
    if (marked) unsetMissing(back, read<Uint8Array>('Missing'), to - from)
    X.set(back, offset * columns)
    offset += to - from
    yield
  }
  const order = yield* orderSteps(index)
  const sortedX = new Float32Array(n * columns)
  for (let i = 0; i < n; i++) {
    if ((i * columns) % valuesAtOnce < columns) yield
    sortedX.set(X.subarray(order[i] * columns, (order[i] + 1) * columns), i * columns)
  }
  const categories = sources.flatMap(({ type }, j) => (type === 'category' ? [j] : []))
  return { index: Float64Array.from(order, (i) => index[i]), X: sortedX, columns, categories }
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

/** A stretch in pieces of at most so many rows. */
const cut = ([from, to]: readonly [from: number, to: number], rows: number): (readonly [from: number, to: number])[] =>
  Array.from({ length: Math.ceil((to - from) / rows) }, (_, i) => [from + i * rows, Math.min(to, from + (i + 1) * rows)])

/** What a class looks like. A class without sampled rows has empty lists. */
export interface ClassProfile {
  readonly mean: (number | null)[]
  readonly sd: (number | null)[]
  readonly distinguishing: Distinguishing[]
}

/**
 * Mean and standard deviation per class 1…k and column, of a category its commonest value and the share of the others, and the columns
 * in which the class differs most from the other classes. Missing values are left out; null where a class has no value. Memory: some numbers per class and column.
 */
export const classProfiles = (drawn: DrawnRows, labels: Uint16Array, k: number): ClassProfile[] =>
  atOnce(classProfileSteps(drawn, labels, k))

/** The same in steps. */
export function* classProfileSteps({ X, columns: d, categories = [] }: DrawnRows, labels: Uint16Array, k: number): Steps<ClassProfile[]> {
  const rowsAtOnce = Math.ceil(valuesAtOnce / d)
  const rows = new Float64Array(k + 1)
  const count = new Float64Array((k + 1) * d)
  const mean = new Float64Array((k + 1) * d)
  const squares = new Float64Array((k + 1) * d)
  for (let i = 0; i < labels.length; i++) {
    if (i % rowsAtOnce === 0) yield
    const c = labels[i]
    rows[c]++
    for (let j = 0; j < d; j++) {
      const value = X[i * d + j]
      if (Number.isNaN(value)) continue
      count[c * d + j]++
      mean[c * d + j] += value
    }
  }
  for (let at = 0; at < mean.length; at++) mean[at] /= count[at]
  for (let i = 0; i < labels.length; i++) {
    if (i % rowsAtOnce === 0) yield
    const c = labels[i]
    for (let j = 0; j < d; j++) {
      const apart = X[i * d + j] - mean[c * d + j]
      if (!Number.isNaN(apart)) squares[c * d + j] += apart ** 2
    }
  }

  const isCategory = new Set(categories)
  const differences: (Difference | null)[] = new Array(k * d).fill(null)
  const commonest = new Map<number, readonly (readonly [value: number, others: number])[]>()
  for (let j = 0; j < d; j++) {
    yield
    const ofClass = (values: Float64Array): Float64Array => Float64Array.from({ length: k }, (_, i) => values[(i + 1) * d + j])
    const counts = isCategory.has(j) ? categoryCounts(X, d, j, labels, k) : null
    if (counts) commonest.set(j, commonestOf(counts, k))
    const found = counts ? cramersV(counts, k) : againstRest({ n: ofClass(count), mean: ofClass(mean), squares: ofClass(squares) })
    found.forEach((difference, i) => {
      differences[i * d + j] = difference
    })
  }
  const distinguishing = strongest(differences, k, (j) => isCategory.has(j))
  return Array.from({ length: k }, (_, i) => {
    if (rows[i + 1] === 0) return { mean: [], sd: [], distinguishing: [] }
    const at = (j: number): number => (i + 1) * d + j
    const columns = Array.from({ length: d }, (_, j) => j)
    return {
      mean: columns.map((j) => (count[at(j)] === 0 ? null : (commonest.get(j)?.[i][0] ?? mean[at(j)]))),
      sd: columns.map((j) => (count[at(j)] === 0 ? null : (commonest.get(j)?.[i][1] ?? Math.sqrt(squares[at(j)] / count[at(j)])))),
      distinguishing: distinguishing[i],
    }
  })
}

/** [k × values] rows of each class with each value of a category. */
function categoryCounts(X: Float32Array, d: number, j: number, labels: Uint16Array, k: number): Float64Array {
  let most = 0
  for (let i = 0; i < labels.length; i++) most = Math.max(most, X[i * d + j] || 0)
  const values = Math.floor(most) + 1
  const counts = new Float64Array(k * values)
  for (let i = 0; i < labels.length; i++)
    if (labels[i] > 0 && X[i * d + j] >= 0) counts[(labels[i] - 1) * values + Math.round(X[i * d + j])]++
  return counts
}

/** Of each class the commonest value, the first among equals, and the share of the others. */
function commonestOf(counts: Float64Array, k: number): (readonly [value: number, others: number])[] {
  const values = counts.length / k
  return Array.from({ length: k }, (_, i) => {
    const own = counts.subarray(i * values, (i + 1) * values)
    const value = own.reduce((best, n, v) => (n > own[best] ? v : best), 0)
    const rows = own.reduce((a, b) => a + b, 0)
    return [value, rows === 0 ? 0 : 1 - own[value] / rows]
  })
}
