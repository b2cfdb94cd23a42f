/** Tells a table of genes by cells from its first bytes: its heading is made of barcodes. */
import { constants, gunzipSync } from 'node:zlib'

const delimiters = { tab: '\t', comma: ',', semicolon: ';', space: ' ' } as const
export type DelimiterName = keyof typeof delimiters

export const delimiterOf = (name: DelimiterName): string => delimiters[name]

/** Eight bases and more, perhaps with a sample before or a number behind: AAACCTGAGAAACCAT-1, sample1_ACGTACGTACGT. */
const barcode = /(?:^|[._:-])[ACGTN]{8,}(?:[._:-][\w.-]+)?$/
const fewestCells = 20
const mostHeadBytes = 1 << 20

export const unquoted = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1')

export function bestDelimiter(line: string): DelimiterName {
  const names = Object.keys(delimiters) as DelimiterName[]
  const count = (name: DelimiterName): number => line.split(delimiters[name]).length
  return names.reduce((best, name) => (count(name) > count(best) ? name : best))
}

/** @param head the first bytes of the file, perhaps gzipped */
export function looksLikeGeneTable(head: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(head[0] === 0x1f && head[1] === 0x8b ? unzippedStart(head) : head)
  const end = text.search(/\r?\n/)
  const line = end < 0 ? text : text.slice(0, end)
  // The last heading may be cut off.
  const cells = line
    .split(delimiters[bestDelimiter(line)])
    .slice(1, end < 0 ? -1 : undefined)
    .map(unquoted)
  return cells.length >= fewestCells && cells.filter((cell) => barcode.test(cell)).length >= 0.9 * cells.length
}

/** What the first bytes of a gzip file say, as far as they go. */
function unzippedStart(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: mostHeadBytes })
  } catch {
    // Damaged, or expanding beyond what a heading needs: no table of this kind.
    return new Uint8Array()
  }
}
