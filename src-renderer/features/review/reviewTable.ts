/** Reviewed rows as a table for other programs, and in words. */
import type { BlamedColumn, FlaggedRow } from '#common/domain/scores.ts'
import { guardedText } from '#common/domain/tableText.ts'
import { formatNumber, formatPercent, formatSignificant } from '../../lib/format.ts'
import type { PlotTable } from '../../ui/plot/figureExport.ts'

/** A pixel of which only the score is known. */
export const pixelRow = (row: number, x: number, y: number, score: number): FlaggedRow => ({
  row,
  score,
  x,
  y,
  pValue: null,
  confidence: null,
  blame: [],
  unit: null,
  time: null,
  review: null,
})

export const valueWords = (value: number | string | null): string =>
  value === null ? 'missing' : typeof value === 'number' ? formatSignificant(value, 4) : value

/** 'B11 0.31, expected 0.17' */
export const blameWords = ({ name, value, expected }: BlamedColumn): string =>
  expected === null ? `${name} ${valueWords(value)}` : `${name} ${valueWords(value)}, expected ${valueWords(expected)}`

/** A date as the engine writes it, for people; other times are as they are. */
const timeText = (time: string): string => time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:00)?/, '$1 $2')

/** 'Pixel 120, 44', 'Row 1 204', 'turbine 3, 2024-05-01 12:00' */
export function placeWords({ row, x, y, unit, time }: FlaggedRow, noun: string): string {
  if (x !== null && y !== null) return `${noun} ${formatNumber(x)}, ${formatNumber(y)}`
  if (time !== null) return unit ? `${unit}, ${timeText(time)}` : timeText(time)
  return unit ? `${unit}, ${noun} ${formatNumber(row + 1)}` : `${noun} ${formatNumber(row + 1)}`
}

/** Short, for a column that is headed by the noun. */
export function placeFigures({ row, x, y, unit, time }: FlaggedRow): string {
  if (x !== null && y !== null) return `${formatNumber(x)}, ${formatNumber(y)}`
  if (time !== null) return unit ? `${unit}, ${timeText(time)}` : timeText(time)
  return formatNumber(row + 1)
}

/** Rounded down: above 99.9 % it is not known better. */
export const confidenceWords = (confidence: number | null): string =>
  confidence === null ? '–' : formatPercent(Math.floor(Math.min(0.999, confidence) * 1000) / 1000, confidence > 0.99 ? 1 : 0)

/** An index counts from 0, as in the project's arrays; the window tells numbers from 1. */
export function reviewTable(rows: readonly FlaggedRow[]): PlotTable {
  const isScene = rows.some(({ x }) => x !== null)
  const isSeries = rows.some(({ unit, time }) => unit !== null || time !== null)
  const most = Math.max(0, ...rows.map(({ blame }) => blame.length))
  const nth = Array.from({ length: most }, (_, i) => i + 1)
  return {
    columns: [
      'row index',
      ...(isScene ? ['x', 'y'] : []),
      ...(isSeries ? ['unit', 'time'] : []),
      'score',
      'p',
      'confidence',
      ...nth.flatMap((n) => [`column ${n}`, `share ${n}`, `value ${n}`, `expected ${n}`]),
      'verdict',
      'comment',
    ],
    rows: rows.map((row) => [
      row.row,
      ...(isScene ? [row.x ?? '', row.y ?? ''] : []),
      ...(isSeries ? [row.unit ?? '', row.time ?? ''] : []),
      row.score,
      row.pValue ?? '',
      row.confidence ?? '',
      ...nth.flatMap((n) => {
        const blamed = row.blame[n - 1]
        return blamed ? [blamed.name, blamed.share, blamed.value ?? '', blamed.expected ?? ''] : ['', '', '', '']
      }),
      row.review?.verdict ?? '',
      row.review?.comment ?? '',
    ]),
  }
}

/** One of them on the clipboard, under its heads, in cells that a spreadsheet takes apart. */
export function copyRow(row: FlaggedRow): Promise<void> {
  const { columns, rows } = reviewTable([row])
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell) => guardedText(String(cell).replace(/[\t\r\n]+/g, ' '))).join('\t')
  return navigator.clipboard.writeText([columns, ...rows].map(line).join('\n'))
}
