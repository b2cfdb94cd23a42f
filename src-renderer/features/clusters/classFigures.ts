/** Classes with size, share, area and what their columns are on average, as a table for other programs. */
import type { Column } from '#common/domain/dataset.ts'
import type { PlotTable } from '../../ui/plot/figureExport.ts'
import type { Legend } from './legend.ts'

interface Figures {
  readonly id: number
  readonly rows: number
  readonly share: number
  readonly mean: readonly number[]
  readonly sd: readonly number[]
}

/** @param rowsName 'pixels'; heads the column of sizes */
export function classFigures(
  classes: readonly Figures[],
  { legend, columns, rowKm2, rowsName }: { legend: Legend; columns: readonly Column[]; rowKm2: number | null; rowsName: string },
): PlotTable {
  /** Categories have no mean. */
  const numbers = columns.flatMap((column, i) => (column.categories ? [] : [i]))
  const unitOf = ({ unit }: Column): string => (unit ? `, ${unit}` : '')
  return {
    columns: [
      'class',
      'name',
      'colour',
      rowsName,
      'share',
      ...(rowKm2 === null ? [] : ['area km2']),
      ...numbers.flatMap((i) => {
        const column = columns[i] as Column
        return [`mean ${column.name}${unitOf(column)}`, `sd ${column.name}${unitOf(column)}`]
      }),
    ],
    rows: classes.map(({ id, rows, share, mean, sd }) => [
      id,
      legend.get(id)?.name ?? `Class ${id}`,
      legend.get(id)?.colour ?? '',
      rows,
      share,
      ...(rowKm2 === null ? [] : [Number((rows * rowKm2).toPrecision(12))]),
      ...numbers.flatMap((i) => [mean[i] ?? Number.NaN, sd[i] ?? Number.NaN]),
    ]),
  }
}
