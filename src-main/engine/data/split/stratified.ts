/** Rows held out at random, the same share of every label: of rare ones too there is something on both sides. */
import type { FieldValue } from '../fields.ts'
import { asText } from '../fields.ts'
import { rowHash } from '../rowHash.ts'
import { splitStream } from './hashed.ts'
import { heldOut, learned, neither, type RowSides, sidesOf } from './sides.ts'

/**
 * Rows without a label are one more group. Of a single row nothing is held out. Memory: 9 bytes per row.
 * @param passes  [rows] 1 for rows that are used at all
 */
export function stratifiedSides(labels: readonly FieldValue[], passes: Uint8Array, share: number, seed: number): RowSides {
  const rowsOf = new Map<string | null, number[]>()
  const side = new Uint8Array(labels.length)
  for (const [row, label] of labels.entries()) {
    if (passes[row] === 0) continue
    const rows = rowsOf.get(asText(label))
    if (rows) rows.push(row)
    else rowsOf.set(asText(label), [row])
    side[row] = learned
  }
  const stream = seed ^ splitStream
  for (const rows of rowsOf.values()) {
    const wanted = rows.length < 2 || share === 0 ? 0 : Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)))
    const ranked = rows.sort((a, b) => rowHash(stream, a) - rowHash(stream, b) || a - b)
    for (const row of ranked.slice(0, wanted)) side[row] = heldOut
  }
  return sidesOf(side.map((at) => at || neither))
}
