/** Median of values[0 … n); reorders them (quickselect, Hoare 1961). */
export function median(values: Float32Array, n: number): number {
  const upper = select(values, n, n >> 1)
  if (n % 2 === 1) return upper
  let lower = Number.NEGATIVE_INFINITY
  for (let i = 0; i < n >> 1; i++) if (values[i] > lower) lower = values[i]
  return (lower + upper) / 2
}

function select(values: Float32Array, n: number, k: number): number {
  let left = 0
  let right = n - 1
  while (left < right) {
    const pivot = values[(left + right) >> 1]
    let i = left
    let j = right
    while (i <= j) {
      while (values[i] < pivot) i++
      while (values[j] > pivot) j--
      if (i > j) break
      const kept = values[i]
      values[i++] = values[j]
      values[j--] = kept
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else break
  }
  return values[k]
}
