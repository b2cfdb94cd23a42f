/**
 * Draws more rows than are to be held: the source is read twice, first to see which rows are drawn and to keep a sample that the
 * pipeline is fitted on, then to hand them over. The sample is one of the rows to learn from, so nothing held out is seen by it.
 *
 * Memory: 1.25 × the sample and one chunk of the source, whatever is drawn.
 */
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { OpenSource, RowChunk } from './dataset.ts'
import { type DrawOptions, holdoutStream, noValidRow, wantedHoldoutOf } from './prepare.ts'
import { rowHash } from './rowHash.ts'
import { RowSample } from './rowSample.ts'
import { hashedSides } from './split/hashed.ts'
import { heldOut, learned, neither } from './split/sides.ts'

export interface LargeDraw {
  readonly trainRows: number
  readonly holdoutRows: number
  /** [sampleRows × columns], source units. */
  readonly sample: Float32Array
  /** [sampleRows] row numbers in the source. */
  readonly sampleIndex: Float64Array
  readonly sampleRows: number
  /** All rows drawn, in source order. What comes is the receiver's to change. */
  rows(): AsyncIterable<DrawnPart>
}

export interface DrawnPart {
  readonly part: 'train' | 'holdout'
  readonly n: number
  /** [n × columns], source units. */
  readonly X: Float32Array
  /** [n] row numbers in the source. */
  readonly index: Float64Array
}

type Meta = Pick<DatasetMeta, 'rows' | 'grid' | 'kind'>

/** @throws DATA_UNSUITABLE when no row is valid */
export async function drawLarge(
  source: OpenSource,
  meta: Meta,
  options: DrawOptions & { readonly columns: readonly number[] },
  sampleRows: number,
): Promise<LargeDraw> {
  const { trainRows, holdoutShare, splitBy, columns, seed, signal, report } = options
  const d = columns.length
  const sideOf = options.sides ?? hashedSides(meta, splitBy, holdoutShare, seed)
  const sides = { train: new Side(seed), holdout: new Side(seed ^ holdoutStream) }
  const sample = new RowSample(Math.min(trainRows, sampleRows), d, seed, meta.rows)

  async function* chunks(stage: string): AsyncIterable<RowChunk> {
    for await (const chunk of source.chunks({ columns, signal })) {
      throwIfCancelled(signal)
      yield chunk
      const done = chunk.start + chunk.n
      report({ stage, fraction: Math.min(1, done / meta.rows), done, unit: rowNoun[meta.kind][1] })
    }
  }

  for await (const { start, n, X, valid } of chunks('Drawing rows')) {
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      const side = sideOf(start + i)
      if (side === heldOut) sides.holdout.count(start + i)
      else if (side === learned) {
        sides.train.count(start + i)
        sample.offer(start + i, X, i * d)
      }
    }
  }
  if (sides.train.counted + sides.holdout.counted === 0) throw noValidRow(meta.rows)
  sides.train.take(trainRows)
  sides.holdout.take(wantedHoldoutOf(options))
  const fitted = sample.take()

  async function* rows(): AsyncIterable<DrawnPart> {
    for await (const { start, n, X, valid } of chunks('Preparing rows')) {
      const taken: Record<DrawnPart['part'], number[]> = { train: [], holdout: [] }
      for (let i = 0; i < n; i++) {
        if (valid[i] === 0) continue
        const side = sideOf(start + i)
        if (side === neither) continue
        const part = side === heldOut ? 'holdout' : 'train'
        if (sides[part].isTaken(start + i)) taken[part].push(i)
      }
      for (const part of ['train', 'holdout'] as const) {
        const values = new Float32Array(taken[part].length * d)
        for (const [to, i] of taken[part].entries()) values.set(X.subarray(i * d, (i + 1) * d), to * d)
        yield { part, n: taken[part].length, X: values, index: Float64Array.from(taken[part], (i) => start + i) }
      }
    }
  }
  return {
    trainRows: sides.train.taken,
    holdoutRows: sides.holdout.taken,
    sample: fitted.X,
    sampleIndex: fitted.index,
    sampleRows: fitted.n,
    rows,
  }
}

/**
 * The rows of one side with the smallest hashes, as RowSample takes them, but known by a limit alone. It is a multiple of 2¹⁶, so
 * where not all are wanted, up to a 65 536th of the rows fewer are taken.
 */
class Side {
  taken = 0
  counted = 0
  readonly #seed: number
  readonly #bins = new Float64Array(65_536)
  #limit = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  count(row: number): void {
    this.counted++
    this.#bins[rowHash(this.#seed, row) >>> 16]++
  }

  take(most: number): void {
    while (this.#limit < this.#bins.length && this.taken + this.#bins[this.#limit] <= most) this.taken += this.#bins[this.#limit++]
  }

  isTaken(row: number): boolean {
    return rowHash(this.#seed, row) >>> 16 < this.#limit
  }
}
