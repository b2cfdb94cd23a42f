/** One pass over a sheet: where its table begins and ends, and what its columns hold. */
import { StratumError } from '#common/errors.ts'
import type { StoredType } from '../../columns/columnar.ts'
import { isDash, isDoubtful, missingSet } from '../csv/values.ts'
import type { XlsxOptions } from '../xlsx.ts'
import type { Cell, Row } from './sheet.ts'

/** A column is of numbers or dates when at most this share of its cells is something else; those are then missing, and reported. */
const tolerated = 0.01
/** As spreadsheets keep a number that was typed or pasted as text. */
export const plainNumber = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/
/** Rows in which the beginning of the table is sought. */
const topRows = 20

export class Tally {
  number = 0
  whole = 0
  date = 0
  boolean = 0
  text = 0
  /** Those of the texts that are plain numbers. */
  numeric = 0
  firstText: { row: number; value: string } | null = null

  add(cell: Cell, row: number): void {
    if (cell.kind === 'error') return
    this[cell.kind]++
    if (cell.kind === 'number' && Number.isInteger(cell.value)) this.whole++
    if (cell.kind !== 'text') return
    if (plainNumber.test(cell.value)) this.numeric++
    else this.firstText ??= { row, value: cell.value.slice(0, 40) }
  }

  get type(): StoredType {
    const { number, date, boolean, text, numeric } = this
    const all = number + date + boolean + text
    if (all === 0) return 'text'
    if (boolean === all) return 'boolean'
    if (date > 0 && date >= all * (1 - tolerated)) return 'date'
    if (number > 0 && number >= all * (1 - tolerated)) return this.whole === number && numeric === 0 ? 'integer' : 'number'
    if (numeric > 0 && number + numeric >= all * (1 - tolerated)) return 'number'
    return 'text'
  }
}

export interface Extent {
  /** Numbers of rows, as Excel counts. */
  readonly first: number
  readonly last: number
  readonly names: (string | undefined)[]
  readonly tallies: readonly Tally[]
  readonly errors: { count: number; firstRow: number; value: string }
  readonly hasHeader: boolean
  /** By column, of a row of units below the names; null without one. */
  readonly units: readonly (string | null)[] | null
  /** Rows with something in them above the table. */
  readonly above: number
}

export async function survey(batches: AsyncGenerator<Row[]>, { header, firstRow }: XlsxOptions, path: string): Promise<Extent> {
  const tallies: Tally[] = []
  const errors = { count: 0, firstRow: 0, value: '' }
  const top: Row[] = []
  let begun: Beginning | null = null
  let last = 0

  function add({ number, cells }: Row): void {
    if (begun && number < begun.first) return
    last = number
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]
      if (!cell) continue
      while (tallies.length <= i) tallies.push(new Tally())
      tallies[i]?.add(cell, number)
      if (cell.kind === 'error' && errors.count++ === 0) Object.assign(errors, { firstRow: number, value: cell.value })
    }
  }
  function begin(): void {
    begun = beginning(top, header)
    for (const row of top) add(row)
  }
  for await (const rows of batches)
    for (const row of rows) {
      if (row.number < firstRow) continue
      if (begun) add(row)
      else if (top.push(row) === topRows) begin()
    }
  if (!begun && top.length > 0) begin()
  if (!begun) throw new StratumError('FILE_EMPTY', 'The sheet is empty.', 'Choose another sheet in the options.', { path })
  const { first } = begun as { first: number }
  return {
    ...(begun as Beginning),
    first,
    last: Math.max(last, first - 1),
    tallies,
    errors,
  }
}

type Beginning = Pick<Extent, 'first' | 'names' | 'hasHeader' | 'units' | 'above'>

/** Where the table begins: titles above it fill fewer cells than its rows do. */
function beginning(top: readonly Row[], header: XlsxOptions['header']): Beginning {
  const filled = ({ cells }: Row): number => cells.reduce((count, cell) => count + (cell ? 1 : 0), 0)
  const widest = top.reduce((most, row) => Math.max(most, filled(row)), 0)
  const above = top.findIndex((row) => filled(row) >= widest * 0.6)
  const { number, cells } = top[above] as Row
  const hasHeader = header === 'yes' || (header === 'auto' && cells.every((cell) => cell === undefined || cell.kind === 'text'))
  const units = hasHeader ? unitsOf(top.slice(above + 1)) : null
  const below = units ? (top[above + 1] as Row).number + 1 : number + 1
  return {
    names: hasHeader ? Array.from(cells, (cell) => (cell === undefined ? undefined : String(cell.value))) : [],
    first: hasHeader ? below : number,
    hasHeader,
    units,
    above,
  }
}

/** A unit is short, and a row of units leaves out the columns that have none, or gives them a dash. */
const longestUnit = 24
const fewestBelowUnits = 3
const noUnit = /^[-–—]*$/
const missingWords = missingSet({ missing: [] })

/** The first row below the names, where it says in which units the columns are: short texts over columns that hold nothing but numbers. */
function unitsOf(below: readonly Row[]): (string | null)[] | null {
  const [units, ...rows] = below
  if (!units) return null
  const texts = Array.from(units.cells, (cell) => (cell === undefined ? '' : cell.kind === 'text' ? cell.value.trim() : null))
  // A row of them is one without values.
  const isMissing = (text: string): boolean => missingWords.has(text) || (isDoubtful(text) && !isDash(text))
  const isNumber = (cell: Cell): boolean => cell.kind === 'number' || (cell.kind === 'text' && plainNumber.test(cell.value))
  const standsOver = (text: string | null, column: number): boolean => {
    if (text === '') return true
    if (text === null || text.length > longestUnit || isMissing(text) || plainNumber.test(text)) return false
    const present = rows.flatMap(({ cells }) => cells[column] ?? [])
    return present.length >= fewestBelowUnits && present.every(isNumber)
  }
  if (!texts.every(standsOver)) return null
  const given = texts.map((text) => (text === null || noUnit.test(text) ? null : text))
  return given.some((unit) => unit !== null) ? given : null
}
