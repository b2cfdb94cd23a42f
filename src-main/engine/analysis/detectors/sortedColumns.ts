/** Columns of rows in ascending order, for whoever counts values below another one. */

export function sortedColumn(X: Float32Array, n: number, d: number, j: number): Float32Array {
  const column = new Float32Array(n)
  for (let i = 0; i < n; i++) column[i] = X[i * d + j]
  return column.sort()
}

/** How many of the ascending numbers are below v. */
export function countBelow(sorted: Float32Array, v: number): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sorted[middle] < v) from = middle + 1
    else to = middle
  }
  return from
}

/** How many are v or below. */
export function countUpTo(sorted: Float32Array, v: number): number {
  let from = 0
  let to = sorted.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sorted[middle] <= v) from = middle + 1
    else to = middle
  }
  return from
}
