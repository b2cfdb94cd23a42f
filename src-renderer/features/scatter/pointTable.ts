/** The drawn points as rows of a table, for the file they are saved to. */
import type { PlotTable } from '../../ui/plot/figureExport.ts'

interface Points {
  readonly n: number
  readonly numbers: Float32Array
  readonly size: number
  readonly rows: Float64Array
  readonly labels: Uint16Array | null
  readonly scores: Float32Array | null
}

/** Row index (from 0, as in files), the two numbers it is drawn at, and class, score and selection where there are any. */
export function pointTable(
  { n, numbers, size, rows, labels, scores }: Points,
  axes: readonly [number, number],
  names: readonly [string, string],
  selected: Uint8Array | null,
): PlotTable {
  const inside = selected?.length === n ? selected : null
  const columns = ['row_index', names[0], ...(size > 1 ? [names[1]] : []), ...(labels ? ['class'] : []), ...(scores ? ['score'] : [])]
  return {
    columns: inside ? [...columns, 'selected'] : columns,
    rows: Array.from({ length: n }, (_, i) => [
      rows[i],
      numbers[i * size + axes[0]],
      ...(size > 1 ? [numbers[i * size + axes[1]]] : []),
      ...(labels ? [labels[i]] : []),
      ...(scores ? [scores[i]] : []),
      ...(inside ? [inside[i]] : []),
    ]),
  }
}
