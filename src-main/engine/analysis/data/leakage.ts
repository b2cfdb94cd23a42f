/**
 * Columns that give a label away: agreement of clusters with that label then says little.
 * Numbers are judged by the area under the ROC curve of one class against the others (Mann–Whitney U with midranks),
 * categories by purity: the share of rows whose label is the most frequent one of their category.
 */
import type { LeakageHint } from '#common/domain/examination.ts'

export const leakFrom = 0.99
const fewestOfClass = 10
/** A category with this many rows or fewer tells its label by being rare. */
const rowsPerCategory = 5

export interface Labels {
  readonly field: string
  readonly names: readonly string[]
  /** [n] position among `names`, −1 for none. */
  readonly at: Int32Array
}

/** Labels of the sampled rows; null with fewer than two values, or more than `most`. */
export function labelsOf(field: string, values: readonly (string | number | null)[], most = 30): Labels | null {
  const positions = new Map<string, number>()
  const at = new Int32Array(values.length)
  for (const [i, value] of values.entries()) {
    if (value === null || value === '' || (typeof value === 'number' && Number.isNaN(value))) {
      at[i] = -1
      continue
    }
    const name = String(value)
    const known = positions.get(name)
    if (known === undefined && positions.size === most) return null
    at[i] = known ?? positions.size
    if (known === undefined) positions.set(name, positions.size)
  }
  return positions.size < 2 ? null : { field, names: [...positions.keys()], at }
}

/** The area for each class against all others; null for a class with fewer than ten rows on either side. */
export function aucByClass(values: Float32Array, { names, at }: Labels): (number | null)[] {
  const rows: number[] = []
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] === 0 && at[i] >= 0) rows.push(i)
  rows.sort((a, b) => values[a] - values[b])
  const count = new Float64Array(names.length)
  const rankSum = new Float64Array(names.length)
  for (let from = 0; from < rows.length; ) {
    let to = from + 1
    while (to < rows.length && values[rows[to]] === values[rows[from]]) to++
    // Equal values share the mean of their ranks from + 1 … to.
    const rank = (from + 1 + to) / 2
    for (let k = from; k < to; k++) {
      count[at[rows[k]]]++
      rankSum[at[rows[k]]] += rank
    }
    from = to
  }
  return names.map((_, k) => {
    const others = rows.length - count[k]
    if (count[k] < fewestOfClass || others < fewestOfClass) return null
    return (rankSum[k] - (count[k] * (count[k] + 1)) / 2) / (count[k] * others)
  })
}

/** Share of rows whose label is the most frequent one of their category, and the same without looking at the category. */
export function purityOf(values: Float32Array, { names, at }: Labels): { purity: number; base: number; categories: number; rows: number } {
  const byCategory = new Map<number, Float64Array>()
  const all = new Float64Array(names.length)
  let rows = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] - values[i] !== 0 || at[i] < 0) continue
    let counts = byCategory.get(values[i])
    if (!counts) {
      counts = new Float64Array(names.length)
      byCategory.set(values[i], counts)
    }
    counts[at[i]]++
    all[at[i]]++
    rows++
  }
  let pure = 0
  for (const counts of byCategory.values()) pure += counts.reduce((a, b) => Math.max(a, b), 0)
  return { purity: pure / rows, base: all.reduce((a, b) => Math.max(a, b), 0) / rows, categories: byCategory.size, rows }
}

/** What one column gives away of one field; null when that is little. */
export function leakOf(column: number, values: Float32Array, isCategory: boolean, labels: Labels): LeakageHint | null {
  if (isCategory) {
    const { purity, base, categories, rows } = purityOf(values, labels)
    const tells = purity >= leakFrom && base <= 0.95 && categories > 1 && rows >= rowsPerCategory * categories
    return tells ? { column, field: labels.field, label: null, strength: purity, measure: 'purity' } : null
  }
  const strengths = aucByClass(values, labels).map((auc) => (auc === null ? 0 : Math.max(auc, 1 - auc)))
  const best = strengths.reduce((least, value, k) => (value > strengths[least] ? k : least), 0)
  if (strengths[best] < leakFrom) return null
  return { column, field: labels.field, label: labels.names[best], strength: strengths[best], measure: 'auc' }
}
