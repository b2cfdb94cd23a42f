/** Comma-separated values (RFC 4180, UTF-8), written as a stream: rows with their labels and scores for data that are no raster. */
import { guardedText } from '#common/domain/tableText.ts'
import { createOutputFile, type ExportedFile } from './outputFile.ts'

export type Cell = string | number | boolean | null

export interface CsvWriter {
  /** Missing values (null, NaN) become empty cells. */
  writeRows(rows: readonly (readonly Cell[])[]): Promise<void>
  finish(): Promise<ExportedFile[]>
  abort(): Promise<void>
}

export interface CsvOptions {
  /** Default ','. */
  readonly delimiter?: ',' | ';' | '\t'
  /** Texts that a spreadsheet would run: with an apostrophe before them, the default, or as they are. Numbers are never touched. */
  readonly formulas?: 'guarded' | 'exact'
}

/** Memory: the rows passed to one call, as text. */
export async function createCsv(
  path: string,
  columns: readonly string[],
  { delimiter = ',', formulas = 'guarded' }: CsvOptions = {},
): Promise<CsvWriter> {
  const encoder = new TextEncoder()
  let guarded = 0
  function written(cell: Cell): string {
    if (typeof cell !== 'string') return cell === null || Number.isNaN(cell) ? '' : String(cell)
    const text = formulas === 'exact' ? cell : guardedText(cell)
    if (text !== cell) guarded++
    return quoted(text, delimiter)
  }
  const line = (cells: readonly Cell[]): string => `${cells.map(written).join(delimiter)}\n`
  const file = await createOutputFile(path, encoder.encode(line(columns)))
  return {
    async writeRows(rows) {
      const wrong = rows.find((cells) => cells.length !== columns.length)
      if (wrong) throw new RangeError(`expected ${columns.length} cells, found ${wrong.length}`)
      await file.append(encoder.encode(rows.map(line).join('')))
    },
    finish: async () => [{ path, sizeBytes: await file.commit(), what: 'table', ...(guarded > 0 && { guarded }) }],
    abort: () => file.abort(),
  }
}

function quoted(text: string, delimiter: string): string {
  const isPlain = !text.includes(delimiter) && !/["\r\n]|^\s|\s$/.test(text)
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`
}

/** The shortest number that reads back as the same float32: 0.1, not 0.10000000149011612. */
export function shortFloat32(value: number): number {
  if (!Number.isFinite(value)) return value
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}
