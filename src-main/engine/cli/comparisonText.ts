/** A comparison as a page of text: qualities first, best marked *, what cannot be told apart from it marked =. */
import type { ComparisonColumn, ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import { formatCount, formatSeconds, formatTable } from './printer.ts'

/** What the columns measure: their titles are short, and a figure is reported by the name of its measure. */
const legend = (columns: readonly ComparisonColumn[]): string =>
  formatTable(columns.map(({ title, description }) => [`  ${title}`, description]))

/** A line of a terminal; more columns go into a second table below. With intervals, figures are three times as wide. */
const mostColumns = 8
const mostWithIntervals = 4

export function comparisonText(meta: ComparisonMeta): string {
  const { rows, columns = [], basis, failures = [], labels, k, energyNote, seeds = [] } = meta
  const pages: string[] = []
  const code = rows.some(({ codeSize }) => codeSize !== undefined)
  const most = rows.some(({ intervals }) => intervals) ? mostWithIntervals : mostColumns
  for (let from = 0; from < columns.length; from += most) {
    const shown = columns.slice(from, from + most)
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
      : rows.some(({ standing }) => standing)
        ? ['* best of one seed: another seed may turn small differences round. Compare with several to tell.']
        : []),
    ...(labels && labels.ceiling < 1
      ? [`${k?.value} classes for ${labels.classes} labelled ones: no more than ${labels.ceiling.toFixed(3)} can match.`]
      : []),
    ...(energyNote ? [`No energy: ${energyNote}.`] : []),
    ...failures.map(({ name, seed, message }) => `failed: ${name}, seed ${seed}: ${message}`),
  ]
  return [...pages, ...(columns.length > 0 ? [legend(columns)] : []), notes.join('\n')].join('\n\n')
}

const codeOf = ({ codeSize, activeCodes }: ComparisonRow): string =>
  codeSize === undefined
    ? ''
    : typeof activeCodes === 'number' && activeCodes < codeSize
      ? `${activeCodes} of ${codeSize}`
      : String(codeSize)

function cell({ figures, spread, standing, intervals }: ComparisonRow, { key, digits, unit, kind }: ComparisonColumn): string {
  const value = figures[key]
  if (value === null || value === undefined) return '–'
  if (unit === 's') return formatSeconds(value)
  if (digits === 0) return formatCount(value)
  const sd = spread?.[key]
  const mark = kind !== 'quality' ? '' : standing?.[key] === 'best' ? ' *' : standing?.[key] === 'equal' ? ' =' : ''
  const places = digits ?? Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value) || 1))))
  const range = intervals?.[key]
  // A probability that was rounded to nothing is not nothing.
  if (!range && (value !== 0 || key === 'p') && Math.abs(value) < 0.5 * 10 ** -places)
    return `${value < 0 ? '>−' : '<'}${(10 ** -places).toFixed(places)}${mark}`
  if (range) return `${value.toFixed(places)} (${range[0].toFixed(places)}–${range[1].toFixed(places)})${mark}`
  return `${value.toFixed(places)}${typeof sd === 'number' && Number(sd.toFixed(places)) > 0 ? ` ± ${sd.toFixed(places)}` : ''}${mark}`
}
