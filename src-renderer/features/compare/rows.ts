/** A comparison as the window shows it: rows with spread and standing, columns as declared, figures as they are written. */
import type { ComparisonColumn, ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { comparisonTable } from '#common/domain/comparisonTable.ts'
import { columnsFor } from '#common/domain/measures.ts'
import { formatNumber, formatSeconds, formatSignificant } from '../../lib/format.ts'
import { formatFixed, superscript } from '../../ui/plot/scale.ts'
import type { PlotTable } from '../../ui/plot/figureExport.ts'
import type { RunRow } from './runs.ts'

export const columnsOf = (meta: ComparisonMeta | null, rows: readonly RunRow[]): readonly ComparisonColumn[] =>
  meta?.columns ?? columnsFor(rows.flatMap(({ figures }) => Object.keys(figures).filter((key) => figures[key] !== null)))

/** '8 of 256' where only some are used. */
const codeWords = ({ codeSize, activeCodes }: ComparisonRow): string =>
  codeSize === undefined
    ? ''
    : typeof activeCodes === 'number' && activeCodes < codeSize
      ? `${activeCodes} of ${codeSize}`
      : String(codeSize)

export const comparisonRows = (meta: ComparisonMeta): RunRow[] =>
  meta.rows.map((row, i) => ({
    key: `row${i}`,
    name: row.name,
    artifact: row.artifact,
    model: row.title ?? '',
    codeSize: row.codeSize ?? null,
    code: codeWords(row),
    figures: row.figures,
    source: row,
  }))

/** What is shown without being asked for. */
const usual = ['holdoutError', 'ari', 'silhouette', 'stability', 'auc', 'averagePrecision', 'trainSeconds', 'wattHours']

export function usualColumns(columns: readonly ComparisonColumn[]): string[] {
  const found = usual.filter((key) => columns.some((column) => column.key === key))
  return found.length >= 2 ? found : columns.map(({ key }) => key)
}

/** Power of ten taken out of a column whose figures are small: 0.00183 is written 1.83 under '×10⁻³'. */
export function powerOf({ key, digits, unit }: ComparisonColumn, rows: readonly RunRow[]): number {
  if (digits !== null || unit !== null) return 0
  const largest = Math.max(0, ...rows.map(({ figures }) => Math.abs(figures[key] ?? 0)).filter(Number.isFinite))
  return largest > 0 && largest < 0.01 ? 3 * Math.floor(Math.log10(largest) / 3) : 0
}

export const headingOf = ({ title, unit }: ComparisonColumn, power: number): string =>
  power !== 0 ? `${title}, ×10${superscript(power)}` : unit !== null && unit !== 's' ? `${title}, ${unit}` : title

export interface Written {
  readonly value: string
  /** '± 0.02', empty where there is no spread worth a digit. */
  readonly spread: string
}

/** @param power  taken out, see powerOf */
export function writeFigure(
  column: ComparisonColumn,
  value: number | null | undefined,
  spread: number | null | undefined,
  power = 0,
): Written {
  if (value === null || value === undefined || !Number.isFinite(value)) return { value: '', spread: '' }
  if (column.unit === 's') return { value: formatSeconds(value), spread: '' }
  const factor = 10 ** -power
  const decimals = column.digits ?? decimalsOf(value * factor)
  const least = 10 ** -(column.digits ?? 0)
  // A probability that was rounded to nothing is not nothing.
  if (column.key === 'p' && value < least / 2) return { value: `< ${formatFixed(least, column.digits ?? 0)}`, spread: '' }
  const written =
    column.digits === 0
      ? formatNumber(value, 0)
      : decimals === null
        ? formatSignificant(value * factor)
        : formatFixed(value * factor, decimals)
  const rounded = spread === null || spread === undefined || decimals === null ? 0 : Number((spread * factor).toFixed(decimals))
  return { value: written, spread: rounded > 0 ? `± ${formatFixed(rounded, decimals ?? 0)}` : '' }
}

/** Places for three significant digits; null where a power of ten is needed. */
function decimalsOf(value: number): number | null {
  if (value === 0) return 2
  const exponent = Math.floor(Math.log10(Math.abs(value)))
  return exponent >= 6 || exponent < -4 ? null : Math.max(0, 2 - exponent)
}

/** '0.775–0.787', empty where there is no interval. */
export function intervalText(column: ComparisonColumn, range: readonly [number, number] | undefined): string {
  if (!range) return ''
  const places = column.digits ?? 3
  return `${formatFixed(range[0], places)}–${formatFixed(range[1], places)}`
}

/** Of a comparison all it knows, of all models what is shown. */
export function tableOf(meta: ComparisonMeta | null, rows: readonly RunRow[], columns: readonly ComparisonColumn[]): PlotTable {
  if (meta) return comparisonTable(meta)
  return {
    columns: ['run', 'model', 'code', ...columns.map(({ key }) => key)],
    rows: rows.map((row) => [row.name, row.model, row.code, ...columns.map(({ key }) => row.figures[key] ?? '')]),
  }
}

/** What to hold others against: the PCA that is best in a figure. */
export function pcaBest(rows: readonly RunRow[], { key, better }: ComparisonColumn): { name: string; value: number } | null {
  const known = rows.flatMap(({ name, source, figures }) =>
    source?.model === 'pca' && typeof figures[key] === 'number' ? [{ name, value: figures[key] }] : [],
  )
  return known.length === 0 ? null : known.reduce((a, b) => ((better === 'lower' ? b.value < a.value : b.value > a.value) ? b : a))
}

/** Everything in which two rows may differ, flat: model, preset, layers, settings. */
export function traitsOf(row: RunRow, artifact: Artifact | null): Record<string, unknown> {
  if (!row.source?.settings) return artifact ? { ...artifact.params, seed: artifact.seed } : {}
  const { title, codeSize, layers, preset, space, settings } = row.source
  return { Model: title, Code: codeSize, Layers: layers?.join(' · '), Preset: preset, 'Clustered in': space, ...settings }
}
