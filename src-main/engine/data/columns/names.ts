/** Names of columns as a file gives them, made usable: none empty, none twice. */
import type { Finding } from '#common/domain/dataset.ts'

/** Empty names are numbered, repeated ones get ' (2)', ' (3)' …, past names that the file itself has; `findings` says so. */
export function usableNames(given: readonly string[], findings: Finding[]): string[] {
  const trimmed = given.map((name) => name.trim())
  const own = new Set(trimmed)
  const taken = new Set<string>()
  const doubled = new Set<string>()
  /** How often each name has come, so that the next number is known at once. */
  const times = new Map<string, number>()
  const names = trimmed.map((name, i) => {
    const wanted = name || `column ${i + 1}`
    let unique = wanted
    while (taken.has(unique) || (unique !== name && own.has(unique))) {
      const next = (times.get(wanted) ?? 1) + 1
      times.set(wanted, next)
      unique = `${wanted} (${next})`
    }
    if (name !== '' && unique !== name) doubled.add(name)
    taken.add(unique)
    return unique
  })
  const unnamed = trimmed.filter((name) => name === '').length
  if (unnamed > 0)
    findings.push({
      severity: 'warning',
      code: 'MISSING_HEADERS',
      message: unnamed === 1 ? '1 column has no name and is numbered.' : `${unnamed} columns have no name and are numbered.`,
      hint: 'Name them in the file.',
    })
  if (doubled.size > 0)
    findings.push({
      severity: 'warning',
      code: 'DUPLICATE_HEADERS',
      message: `Names come more than once: ${[...doubled].slice(0, 5).join(', ')}. A number is added.`,
      hint: 'Check that these are different measurements.',
    })
  return names
}

const labelNames = new RegExp(
  [
    /^(?:.*[_ .-])?(?:labels?|class(?:es)?|targets?|species|ground[_ -]?truth|annotations?|cell[_ -]?types?)(?:[_ -]?(?:train|test|val))?$/,
    /^(?:.*[_ .-])?is[_ -]?(?:anomaly|outlier|fraud)$/,
    /^(?:y(?:[_ -]?(?:train|test|val))?|gt|outcome|anomaly|outlier|diagnosis|churn|survived)$/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
)

/** Whether a column is called as answers usually are, not measurements. A y beside an x, among all names, is a coordinate. */
export const isLabelName = (name: string, all: readonly string[] = []): boolean =>
  labelNames.test(name.trim()) && !(/^y$/i.test(name.trim()) && all.some((other) => /^x$/i.test(other)))
