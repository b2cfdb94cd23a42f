/** What a file is, as lines of a list. */
import { columnNoun, rowNoun, type SourceReport } from '#common/domain/dataset.ts'
import type { Grid } from '#common/domain/grid.ts'
import { formatBytes, formatNumber, formatSignificant, sentence } from '../../lib/format.ts'

export function fileFacts(report: SourceReport): [string, string][] {
  const { grid, kind } = report
  return [
    ['Format', report.formatTitle],
    ['Size', formatBytes(report.sizeBytes)],
    [sentence(rowNoun[kind][1]), grid ? `${formatNumber(grid.width)} × ${formatNumber(grid.height)}` : formatNumber(report.rows)],
    [sentence(columnNoun[kind][1]), formatNumber(report.columns.length)],
    ...typeLine(report),
    ['Stored as', report.dtype],
    ...(grid ? gridFacts(grid) : []),
    ...(grid ? ([['No-data value', noDataWords(report.nodata)]] as [string, string][]) : []),
    ...(report.labelFields?.length ? ([['Labels', report.labelFields.join(', ')]] as [string, string][]) : []),
    ...(report.metadataFields.length > 0 ? ([['Beside the rows', report.metadataFields.join(', ')]] as [string, string][]) : []),
    ...detailLines(report.details),
  ]
}

/** What only this format says; a list of what an option may be is left to that option. */
export const detailLines = (details: SourceReport['details']): [string, string][] =>
  Object.entries(details)
    .filter(([key]) => !(key.endsWith('s') && key.slice(0, -1) in details))
    .map(([key, value]) => [
      sentence(key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()),
      typeof value === 'boolean' ? (value ? 'yes' : 'no') : typeof value === 'number' ? formatNumber(value) : value,
    ])

/** '9 numbers, 2 categories' where there are several types. */
function typeLine({ columns, kind }: SourceReport): [string, string][] {
  const counts = new Map<string, number>()
  for (const { type } of columns) counts.set(type, (counts.get(type) ?? 0) + 1)
  if (counts.size < 2 || kind === 'raster') return []
  const plural = (type: string, n: number): string =>
    n === 1 ? type : type === 'category' ? 'categories' : type === 'text' ? 'texts' : `${type}s`
  return [['Of types', [...counts].map(([type, n]) => `${n}\u00a0${plural(type, n)}`).join(', ')]]
}

export function gridFacts({ crs, transform, georeferenced, width, height }: Grid): [string, string][] {
  if (!georeferenced) return [['Coordinates', 'none: exports will have none either']]
  const [a, b, c, d, e, f] = transform
  const unit = crs?.unit === 'metre' ? 'm' : crs?.unit === 'degree' ? '°' : (crs?.unit ?? '')
  const across = Math.hypot(a, d)
  const down = Math.hypot(b, e)
  const size = across === down ? formatSignificant(across, 6) : `${formatSignificant(across, 6)} × ${formatSignificant(down, 6)}`
  const angle = (Math.atan2(d, a) * 180) / Math.PI
  // To a thousandth of a pixel.
  const decimals = Math.min(9, Math.max(0, 2 - Math.floor(Math.log10(across || 1))))
  const corner = ([x, y]: readonly [number, number]): string => `${formatNumber(x, decimals)}, ${formatNumber(y, decimals)}`
  return [
    ['Coordinates', crs ? `${crs.name}${crs.code ? `, ${crs.code}` : ''}` : 'a grid without a named system'],
    ['Pixel size', `${size}${unit ? `\u202f${unit}` : ''}`],
    ['Upper left', corner([c, f])],
    ['Lower right', corner([a * width + b * height + c, d * width + e * height + f])],
    ...(Math.abs(b) + Math.abs(d) > 1e-12 * across ? ([['Turned by', `${formatSignificant(angle, 4)}°`]] as [string, string][]) : []),
  ]
}

export function noDataWords(values: readonly (number | null)[]): string {
  const distinct = [...new Set(values)]
  if (distinct.length === 0 || (distinct.length === 1 && distinct[0] === null)) return 'not set'
  return distinct.length === 1 ? String(distinct[0]) : `${distinct.length} values`
}
