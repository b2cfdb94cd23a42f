/**
 * The one selection of rows, shared by map, scatter, table and spectrum: what is chosen or pointed at in one view shows in all.
 * Rows are numbered as in the dataset (rasters: row · width + column).
 */
export class Selection {
  dataset = $state.raw<number | null>(null)
  /** Sorted ascending, without duplicates. Replaced, never mutated: no proxy over millions of rows. */
  rows = $state.raw<Float64Array>(new Float64Array(0))
  /** Classes chosen in a legend or list; empty means all. */
  classes = $state.raw<ReadonlySet<number>>(new Set())
  /** What the pointer is over right now, whichever view it is in. */
  hoveredRow = $state.raw<number | null>(null)
  hoveredClass = $state.raw<number | null>(null)
  /** Where the rows came from, for the words beside them: 'lasso on the map', 'class 3'. */
  origin = $state.raw('')
  isEmpty = $derived(this.rows.length === 0 && this.classes.size === 0)

  /** Chooses rows of a dataset; `rows` may be unsorted and hold duplicates. */
  select(dataset: number, rows: ArrayLike<number>, origin: string): void {
    this.dataset = dataset
    this.rows = sortedUnique(rows)
    this.origin = origin
  }

  add(rows: ArrayLike<number>): void {
    const joined = new Float64Array(this.rows.length + rows.length)
    joined.set(this.rows)
    joined.set(rows, this.rows.length)
    this.rows = sortedUnique(joined)
  }

  toggleClass(id: number, keepOthers = false): void {
    const next = new Set(keepOthers ? this.classes : [])
    if (this.classes.has(id) && (keepOthers || this.classes.size === 1)) next.delete(id)
    else next.add(id)
    this.classes = next
  }

  /** Binary search: cheap enough to ask for every drawn point. */
  has(row: number): boolean {
    let low = 0
    let high = this.rows.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const value = this.rows[middle] as number
      if (value === row) return true
      if (value < row) low = middle + 1
      else high = middle - 1
    }
    return false
  }

  clear(): void {
    this.rows = new Float64Array(0)
    this.classes = new Set()
    this.origin = ''
  }

  /** Forgets everything when another dataset is looked at. */
  lookAt(dataset: number | null): void {
    if (dataset === this.dataset) return
    this.dataset = dataset
    this.hoveredRow = null
    this.hoveredClass = null
    this.clear()
  }
}

function sortedUnique(values: ArrayLike<number>): Float64Array {
  const sorted = Float64Array.from(values).sort()
  let n = 0
  for (const value of sorted) if (n === 0 || value !== sorted[n - 1]) sorted[n++] = value
  return sorted.slice(0, n)
}
