/**
 * Opens a text table of genes by cells. The names of the genes are gathered in a first pass; the values are read in a second one,
 * on the first read of rows, into an EntryStore (whose memory and disk bound it; zeros are not kept).
 */
import { stat } from 'node:fs/promises'
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { lazyEntries } from '../../cells/entryStore.ts'
import type { RowMatrix } from '../../cells/rowMatrix.ts'
import { cellsSource } from '../../cells/source.ts'
import { linePieces } from '../../cells/textStream.ts'
import type { OpenSource } from '../../dataset.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { bestDelimiter, type DelimiterName, delimiterOf, unquoted } from './probe.ts'

const longestLine = 64 << 20
const mostCells = 5_000_000
const mostGenes = 1_000_000
const sampleLines = 20

interface Line {
  readonly bytes: Uint8Array
  /** From 1. */
  readonly number: number
}

interface Table {
  readonly cells: string[]
  readonly genes: string[]
  readonly delimiter: number
  readonly sample: Float64Array
}

export async function openGeneTable(
  path: string,
  options: { delimiter: 'auto' | DelimiterName },
  signal?: AbortSignal,
): Promise<OpenSource> {
  // Says what is wrong with the file itself: missing, empty, a folder.
  await (await openRandomAccess(path)).close()
  const table = await readNames(path, options.delimiter, signal)
  const matrix = tableMatrix(path, table)
  return cellsSource({
    path,
    sizeBytes: (await stat(path)).size,
    format: 'gene-table',
    formatTitle: 'Genes × cells text table',
    matrix,
    genes: table.genes,
    labels: { fields: ['barcode'], values: (_, from, to) => table.cells.slice(from, to) },
    findings: [turnedFinding(table)],
    details: { orientation: 'genes by cells' },
    close: () => {},
  })
}

const turnedFinding = ({ genes, cells }: Table): Finding => ({
  severity: 'info',
  code: 'TRANSPOSED',
  message: `The lines of the table are ${genes.length} genes and its columns ${cells.length} cells; cells are read as rows.`,
  hint: 'Open it as a CSV table to have its lines as rows.',
})

/** Lines that are not blank. */
async function* linesOf(path: string, signal?: AbortSignal): AsyncGenerator<Line[]> {
  let number = 0
  for await (const piece of linePieces(path, signal, longestLine)) {
    const lines: Line[] = []
    for (let at = 0; at < piece.length; ) {
      const found = piece.indexOf(10, at)
      const end = found < 0 ? piece.length : found
      const bytes = piece.subarray(at, end > at && piece[end - 1] === 13 ? end - 1 : end)
      number++
      if (bytes.length > 0) lines.push({ bytes, number })
      at = end + 1
    }
    yield lines
  }
}

async function readNames(path: string, chosen: 'auto' | DelimiterName, signal?: AbortSignal): Promise<Table> {
  const decoder = new TextDecoder()
  const genes: string[] = []
  const sample: number[] = []
  let heading: string[] | null = null
  let cells: string[] = []
  let delimiter = 9
  for await (const lines of linesOf(path, signal)) {
    for (const line of lines) {
      if (heading === null) {
        const text = decoder.decode(line.bytes).replace(/^\ufeff/, '')
        const name = delimiterOf(chosen === 'auto' ? bestDelimiter(text) : chosen)
        delimiter = name.charCodeAt(0)
        heading = text.split(name).map(unquoted)
        if (heading.length > mostCells) throw tooWide(path, heading.length)
        continue
      }
      // R leaves the corner out: then the heading has one name less than the lines have fields.
      if (genes.length === 0) cells = countFields(line.bytes, delimiter) === heading.length + 1 ? heading : heading.slice(1)
      const end = line.bytes.indexOf(delimiter)
      genes.push(unquoted(decoder.decode(end < 0 ? line.bytes : line.bytes.subarray(0, end))))
      if (genes.length > mostGenes)
        throw new StratumError(
          'FORMAT_UNSUPPORTED',
          `The table has more than ${mostGenes} lines of genes.`,
          'Are its lines cells? Open it as a CSV table.',
          {
            path,
            line: line.number,
          },
        )
      if (genes.length <= sampleLines)
        parseLine(path, line, delimiter, cells.length, (_, value) => void (sample.length < 50_000 && sample.push(value)))
    }
  }
  if (genes.length === 0 || cells.length === 0)
    throw new StratumError('DATA_UNSUITABLE', 'The table has no line of values below its heading.', 'Is this the right file?', { path })
  return { cells, genes, delimiter, sample: Float64Array.from(sample) }
}

const tooWide = (path: string, n: number): StratumError =>
  new StratumError('FORMAT_UNSUPPORTED', `The table has ${n} columns; at most ${mostCells} can be read.`, 'Write it as .h5ad.', {
    path,
    line: 1,
  })

function countFields(bytes: Uint8Array, delimiter: number): number {
  let n = 1
  for (const byte of bytes) if (byte === delimiter) n++
  return n
}

/**
 * Gives every value that is not zero with its cell; NA and nothing are NaN.
 * @throws FILE_CORRUPT with the line for a text among the values, and for too few or too many of them
 */
function parseLine(
  path: string,
  { bytes, number }: Line,
  delimiter: number,
  cells: number,
  take: (cell: number, value: number) => void,
): void {
  const corrupt = (what: string): StratumError =>
    new StratumError('FILE_CORRUPT', `Line ${number} ${what}.`, 'Open it as a CSV table if its lines are not genes.', {
      path,
      line: number,
    })
  let at = bytes.indexOf(delimiter) + 1
  if (at === 0) throw corrupt('has no values')
  let cell = 0
  for (; at <= bytes.length; cell++) {
    const start = at
    let value = 0
    for (let digit = (bytes[at] ?? 0) - 48; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - 48) value = value * 10 + digit
    if (at === start || (at < bytes.length && bytes[at] !== delimiter)) {
      const end = bytes.indexOf(delimiter, at)
      at = end < 0 ? bytes.length : end
      const text = unquoted(new TextDecoder().decode(bytes.subarray(start, at)))
      value = /^(?:|na|nan|null)$/i.test(text) ? Number.NaN : Number(text)
      if (Number.isNaN(value) && !/^(?:|na|nan|null)$/i.test(text)) throw corrupt(`has "${text.slice(0, 40)}" among its values`)
    }
    if (cell >= cells) throw corrupt(`has more than the ${cells} values that the heading names`)
    if (value !== 0) take(cell, value)
    at++
  }
  if (cell < cells) throw corrupt(`has ${cell} of the ${cells} values that the heading names`)
}

function tableMatrix(path: string, { cells, genes, delimiter, sample }: Table): RowMatrix {
  const entries = lazyEntries(cells.length, async (store, signal) => {
    let gene = -1
    for await (const lines of linesOf(path, signal)) {
      const found: { rows: number[]; columns: number[]; values: number[] } = { rows: [], columns: [], values: [] }
      for (const line of lines) {
        // The first line is the heading.
        if (gene++ < 0) continue
        const column = gene - 1
        parseLine(path, line, delimiter, cells.length, (cell, value) => {
          found.rows.push(cell)
          found.columns.push(column)
          found.values.push(value)
        })
      }
      await store.add({
        rows: Uint32Array.from(found.rows),
        columns: Uint32Array.from(found.columns),
        values: Float32Array.from(found.values),
        n: found.rows.length,
      })
    }
  })
  return {
    rows: cells.length,
    columns: genes.length,
    dtype: sample.every((value) => Number.isNaN(value) || Number.isInteger(value)) ? 'int32' : 'float32',
    storage: 'dense by genes',
    stored: null,
    compression: /\.gz$/i.test(path) ? 'gzip' : 'none',
    rowBytes: 0,
    rowStep: 1,
    read: entries.read,
    peek: entries.read,
    sample: () => sample,
    close: entries.close,
  }
}
