/** Spearman's rank correlation: Pearson's of ranks, equal values sharing their mean rank. */

export function ranksOf(values: ArrayLike<number>): Float64Array {
  const n = values.length
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a] - values[b])
  const ranks = new Float64Array(n)
  for (let from = 0; from < n; ) {
    let to = from + 1
    while (to < n && values[order[to]] === values[order[from]]) to++
    for (let i = from; i < to; i++) ranks[order[i]] = (from + to - 1) / 2
    from = to
  }
  return ranks
}

/** 0 where one of them does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length
  if (b.length !== n) throw new RangeError(`expected pairs, found ${n} and ${b.length} values`)
  let [meanA, meanB] = [0, 0]
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n
    meanB += b[i] / n
  }
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [u, v] = [a[i] - meanA, b[i] - meanB]
    ab += u * v
    aa += u * u
    bb += v * v
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0
}
