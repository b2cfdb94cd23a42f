/** The name a user probably meant, for messages: the closest by edits, if it is close at all. */
export function nearestName(wanted: string, known: readonly string[]): string | null {
  const limit = Math.max(2, Math.floor(wanted.length / 3))
  const ranked = known
    .map((name) => ({ name, edits: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  return ranked.length > 0 && ranked[0].edits <= limit ? ranked[0].name : null
}

/** Levenshtein distance, one row of the table at a time. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]
}
