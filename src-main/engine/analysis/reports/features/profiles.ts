/**
 * Mean rows: of the rows where each feature fires, and of all. Categories have no mean.
 * Memory: 8 bytes for each column of each feature that ever fires, at most 256 MB: where all columns would be more, those that vary most
 * against their mean are kept.
 */
import type { Column } from '#common/domain/dataset.ts'
import type { ArraySpec, ArrayWriter } from '../../../project/project.ts'

const mostNumbers = 2 ** 25

/** Columns that profiles are kept for, ascending. @param rows  a sample of rows [n × columns] in source units, asked for only where not all fit */
export function profileColumns(
  sources: readonly Column[],
  alive: number,
  rows: () => { readonly X: Float32Array; readonly columns: number },
): number[] {
  const all = sources.map((_, j) => j)
  const most = Math.max(1, Math.floor(mostNumbers / Math.max(1, alive)))
  if (all.length <= most) return all
  const { X, columns } = rows()
  const spread = all.map((j) => {
    let [n, sum, squares] = [0, 0, 0]
    for (let at = j; at < X.length; at += columns) {
      if (Number.isNaN(X[at])) continue
      n++
      sum += X[at]
      squares += X[at] * X[at]
    }
    if (n === 0) return 0
    const mean = sum / n
    return Math.sqrt(Math.max(0, squares / n - mean * mean)) / (Math.abs(mean) + 1e-12)
  })
  return all
    .sort((a, b) => spread[b] - spread[a] || a - b)
    .slice(0, most)
    .sort((a, b) => a - b)
}

export class Profiles {
  readonly columns: readonly number[]
  readonly #features: number
  /** Place of each feature among those that fire, −1 for the others. */
  readonly #place: Int32Array
  readonly #sum: Float64Array
  readonly #fired: Uint32Array
  readonly #overall: Float64Array
  #rows = 0
  readonly #isCategory: Uint8Array

  /** @param isAlive  [M] 1 for features that will fire */
  constructor(isAlive: Uint8Array, columns: readonly number[], sources: readonly Column[]) {
    this.columns = columns
    this.#features = isAlive.length
    this.#place = new Int32Array(isAlive.length).fill(-1)
    let alive = 0
    for (let f = 0; f < isAlive.length; f++) if (isAlive[f] === 1) this.#place[f] = alive++
    this.#sum = new Float64Array(alive * columns.length)
    this.#fired = new Uint32Array(alive)
    this.#overall = new Float64Array(columns.length)
    this.#isCategory = Uint8Array.from(columns, (j) => (sources[j].type === 'category' ? 1 : 0))
  }

  /** A row at X[at …], and the first `count` of `fired`: the features that fire on it. */
  see(X: Float32Array, at: number, fired: Uint32Array, count: number): void {
    const S = this.columns.length
    this.#rows++
    for (let j = 0; j < S; j++) this.#overall[j] += X[at + this.columns[j]]
    for (let i = 0; i < count; i++) {
      const place = this.#place[fired[i]]
      this.#fired[place]++
      for (let j = 0, to = place * S; j < S; j++, to++) this.#sum[to] += X[at + this.columns[j]]
    }
  }

  overall(): Float32Array {
    return Float32Array.from(this.#overall, (sum, j) => (this.#isCategory[j] ? Number.NaN : sum / this.#rows))
  }

  /** [M × columns], feature by feature. */
  write(open: (spec: ArraySpec) => ArrayWriter): void {
    const S = this.columns.length
    const writer = open({ dtype: 'float32', shape: [this.#features, S] })
    const mean = new Float32Array(S)
    for (let f = 0; f < this.#features; f++) {
      const place = this.#place[f]
      for (let j = 0; j < S; j++) mean[j] = place < 0 || this.#isCategory[j] ? Number.NaN : this.#sum[place * S + j] / this.#fired[place]
      writer.append(mean)
    }
    writer.finish()
  }
}
