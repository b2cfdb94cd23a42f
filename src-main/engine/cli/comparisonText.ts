/** A comparison as a page of text: qualities first, best marked *, what cannot be told apart from it marked =. */
import type { ComparisonColumn, ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import { formatCount, formatSeconds, formatTable } from './printer.ts'

/** A line of a terminal; more columns go into a second table below. */
const mostColumns = 8

export function comparisonText(meta: ComparisonMeta): string {
  const { rows, columns = [], basis, failures = [], labels, k, energyNote, seeds = [] } = meta
  const pages: string[] = []
  const code = rows.some(({ codeSize }) => codeSize !== undefined)
  for (let from = 0; from < columns.length; from += mostColumns) {
    const shown = columns.slice(from, from + mostColumns)
    pages.push(
      formatTable([
        [
          'run',
          ...(code ? ['code'] : []),
          ...shown.map(({ title, unit }) => (unit === null || unit === 's' ? title : `${title}, ${unit}`)),
        ],
        ...rows.map((row) => [row.name, ...(code ? [codeOf(row)] : []), ...shown.map((column) => cell(row, column))]),
      ]),
    )
  }
  const notes = [
    basis,
    ...(seeds.length > 1
      ? [`± over ${seeds.length} seeds; * best, = cannot be told apart from the best (paired t test over seeds, 5 % level).`]
      : ['* best.']),
    ...(labels && labels.ceiling < 1
      ? [`${k?.value} classes for ${labels.classes} labelled ones: no more than ${labels.ceiling.toFixed(3)} can match.`]
      : []),
    ...(energyNote ? [`No energy: ${energyNote}.`] : []),
    ...failures.map(({ name, seed, message }) => `failed: ${name}, seed ${seed}: ${message}`),
  ]
  return [...pages, notes.join('\n')].join('\n\n')
}

const codeOf = ({ codeSize, activeCodes }: ComparisonRow): string =>
  codeSize === undefined
    ? ''
    : typeof activeCodes === 'number' && activeCodes < codeSize
      ? `${activeCodes} of ${codeSize}`
      : String(codeSize)

function cell({ figures, spread, standing }: ComparisonRow, { key, digits, unit, kind }: ComparisonColumn): string {
  const value = figures[key]
  if (value === null || value === undefined) return '–'
  if (unit === 's') return formatSeconds(value)
  if (digits === 0) return formatCount(value)
  const sd = spread?.[key]
  const mark = kind !== 'quality' ? '' : standing?.[key] === 'best' ? ' *' : standing?.[key] === 'equal' ? ' =' : ''
  const places = digits ?? Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value) || 1))))
  return `${value.toFixed(places)}${typeof sd === 'number' && Number(sd.toFixed(places)) > 0 ? ` ± ${sd.toFixed(places)}` : ''}${mark}`
}
