/** Where two arrays of numbers first differ, in words; null when nowhere. NaN equals NaN. Far faster than a diff of a million values. */
export function firstDifference(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 0): string | null {
  if (found.length !== wanted.length) return `${found.length} values, not ${wanted.length}`
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [found[i] as number, wanted[i] as number]
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)))
      continue
    return `at ${i}: ${a}, not ${b}`
  }
  return null
}
