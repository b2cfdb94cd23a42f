/** The rows of a sheet, in order. */
import { StratumError } from '#common/errors.ts'
import type { Parts } from './parts.ts'
import type { Workbook } from './workbook.ts'
import { attribute } from './xml.ts'

/** A number, a text, a truth, a date in days since 1970, or an error such as #N/A. */
export type Cell =
  | { readonly kind: 'number' | 'date' | 'boolean'; readonly value: number }
  | { readonly kind: 'text' | 'error'; readonly value: string }

export interface Row {
  /** As Excel counts, from 1. */
  readonly number: number
  readonly cells: readonly (Cell | undefined)[]
}

/** Excel's own limits. */
const mostRows = 1_048_576
const mostColumns = 16_384
const longestText = 1 << 20

/** Rows that hold something; rows without a value are not there. */
export async function* sheetRows(
  parts: Parts,
  workbook: Workbook,
  part: string,
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Row[]> {
  let done: Row[] = []
  let row = 0
  let cells: (Cell | undefined)[] = []
  let column = -1
  let type = ''
  let style = 0
  let value = ''
  let isValue = false

  function endCell(): void {
    const cell = cellOf(type, style, value, workbook)
    if (cell) cells[column] = cell
  }
  const handler = {
    open(name: string, attributes: string): void {
      switch (name) {
        case 'row':
          row = Number(attribute(attributes, 'r') ?? row + 1)
          cells = []
          column = -1
          if (!Number.isInteger(row) || row < 1 || row > mostRows) throw new Error(`a row is numbered ${row}`)
          break
        case 'c':
          column = columnOf(attribute(attributes, 'r')) ?? column + 1
          if (column >= mostColumns) throw new Error(`a cell lies in column ${column + 1}`)
          type = attribute(attributes, 't') ?? 'n'
          style = Number(attribute(attributes, 's') ?? 0)
          value = ''
          break
        case 'v':
        case 't':
          isValue = true
      }
    },
    text(piece: string): void {
      if (isValue && value.length < longestText) value += piece
    },
    close(name: string): void {
      if (name === 'v' || name === 't') isValue = false
      else if (name === 'c') endCell()
      else if (name === 'row' && cells.length > 0) done.push({ number: row, cells })
    },
  }
  let last = 0
  for await (const _ of parts.scan(part, handler, signal)) {
    if (done.length === 0) continue
    for (const { number } of done) {
      if (number <= last)
        throw new StratumError(
          'FILE_CORRUPT',
          `Row ${number} of the sheet comes after row ${last}.`,
          'Open and save it in Excel or LibreOffice.',
          {
            path,
            row: number,
          },
        )
      last = number
    }
    yield done
    done = []
  }
}

function cellOf(type: string, style: number, value: string, { texts, isDate, dayZero }: Workbook): Cell | undefined {
  switch (type) {
    case 's': {
      const text = texts[Number(value)]
      return text === undefined || text === '' ? undefined : { kind: 'text', value: text }
    }
    case 'str':
    case 'inlineStr':
      return value === '' ? undefined : { kind: 'text', value }
    case 'b':
      return { kind: 'boolean', value: value.trim() === '1' ? 1 : 0 }
    case 'e':
      return { kind: 'error', value }
    case 'd': {
      const days = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(value) || !value.includes('T') ? value : `${value}Z`) / 86_400_000
      return Number.isFinite(days) ? { kind: 'date', value: days } : { kind: 'text', value }
    }
    default: {
      const number = value.trim() === '' ? Number.NaN : Number(value)
      if (Number.isNaN(number)) return undefined
      // Excel counts a 29 February 1900 that was none, so days before it are one behind.
      if (isDate[style]) return { kind: 'date', value: number + dayZero + (dayZero === -25_569 && number < 60 ? 1 : 0) }
      return { kind: 'number', value: number }
    }
  }
}

/** 'BC12' → 54. */
function columnOf(reference: string | null): number | null {
  if (reference === null) return null
  let column = 0
  for (let i = 0; i < reference.length; i++) {
    const letter = reference.charCodeAt(i)
    if (letter < 65 || letter > 90) break
    column = column * 26 + letter - 64
    if (column > mostColumns) return column - 1
  }
  return column === 0 ? null : column - 1
}
