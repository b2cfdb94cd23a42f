/**
 * Rows beyond those that a plane was laid out of, each in its place, streamed. Memory: 16 bytes for each row of the result and of each row
 * of a block its codes, at most 64 MB together, and what the placer says of it.
 */
import type { Placer } from '../../analysis/embedding/define.ts'
import type { LongRun } from '../../analysis/pace.ts'
import { rowDraw, type SampledRows } from '../../analysis/sampleRows.ts'
import { sharedFloats } from '../../analysis/threads/sharedMemory.ts'
import type { ArrayReader } from '../../project/project.ts'
import { eachCodeBlock } from '../cluster/codes.ts'

export interface PlacedRows {
  /** Ascending row numbers. */
  readonly rows: Float64Array
  /** [rows × 2] */
  readonly plane: Float32Array
}

/** Rows placed at a time, fewer of wide codes. */
const rowsAtOnce = 65_536
const valuesAtOnce = 2 ** 24

interface OtherRows extends LongRun {
  readonly codes: ArrayReader
  readonly validRows: number
  /** About how many rows the result has, those laid out among them. */
  readonly wanted: number
  /** By which those laid out were drawn: they are rows of the larger sample too. */
  readonly seed: number
  readonly signal: AbortSignal
  readonly report: (fraction: number) => void
}

/** @param plane [n × 2] of the rows laid out. @returns null once somebody finds `isEnough`: those laid out are an even sample, what was placed so far is not */
export async function placeOthers(
  placer: Placer,
  { rows: learned }: SampledRows,
  plane: Float32Array,
  { codes, validRows, wanted, seed, signal, report }: OtherRows,
  isEnough: () => boolean,
): Promise<PlacedRows | null> {
  const d = codes.shape[1]
  const share = Math.min(1, wanted / validRows)
  const isShown = rowDraw(seed, share)
  const capacity = Math.min(validRows, Math.ceil(share * validRows + 5 * Math.sqrt(share * validRows)))
  const out = { rows: new Float64Array(capacity), plane: new Float32Array(2 * capacity) }
  const atOnce = Math.max(1, Math.min(rowsAtOnce, Math.floor(valuesAtOnce / d)))
  const Y = sharedFloats(atOnce * d)
  /** Where in the result each row of Y belongs. */
  const places = new Int32Array(atOnce)
  let [n, met, waiting, placed] = [0, 0, 0, 0]
  const others = Math.max(1, capacity - learned.length)

  async function placeWaiting(): Promise<void> {
    const found = await placer.place(Y, waiting, { signal, report: (f) => report(Math.min(1, (placed + f * waiting) / others)) })
    for (let i = 0; i < waiting; i++) {
      out.plane[2 * places[i]] = found[2 * i]
      out.plane[2 * places[i] + 1] = found[2 * i + 1]
    }
    placed += waiting
    waiting = 0
  }

  await eachCodeBlock(codes, signal, async (from, block, count) => {
    for (let i = 0; i < count && n < capacity; i++) {
      const isLearned = learned[met] === from + i
      if (!isLearned && (Number.isNaN(block[i * d]) || !isShown(from + i))) continue
      if (isLearned) {
        out.plane[2 * n] = plane[2 * met]
        out.plane[2 * n + 1] = plane[2 * met++ + 1]
      } else {
        Y.set(block.subarray(i * d, (i + 1) * d), waiting * d)
        places[waiting++] = n
      }
      out.rows[n++] = from + i
      if (waiting === atOnce && !isEnough()) await placeWaiting()
      if (isEnough()) return
    }
  })
  if (waiting > 0 && !isEnough()) await placeWaiting()
  return isEnough() ? null : { rows: out.rows.slice(0, n), plane: out.plane.slice(0, 2 * n) }
}
