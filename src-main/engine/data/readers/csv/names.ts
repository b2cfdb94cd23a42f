/** Names of the columns out of the first record. */
import type { Finding } from '#common/domain/dataset.ts'

/**
 * @param header  the first record, decoded; null when it holds values
 * @param width   fields of the records below
 * @param lastIsEmpty  the last field of every record of the sample is empty: each line ends with a delimiter
 */
export function nameColumns(header: readonly string[] | null, width: number, lastIsEmpty: boolean, findings: Finding[]): string[] {
  if (!header) {
    findings.push({
      severity: 'info',
      code: 'NO_HEADER',
      message: 'The first line holds values, so the columns are numbered.',
      hint: 'If it does name the columns, set the header option to yes.',
    })
    return Array.from({ length: width }, (_, i) => `column ${i + 1}`)
  }
  const given = header.map((name) => name.trim())
  if (given[0]?.startsWith('#') && given[0].length > 1) given[0] = given[0].slice(1).trim()
  // R writes one name fewer than there are fields: the first field is the row's name.
  if (width === given.length + 1 && !lastIsEmpty) {
    given.unshift('row name')
    findings.push({
      severity: 'info',
      code: 'ROW_NAMES',
      message: 'The line of names has one name fewer than the rows have fields: the first field is taken for the name of the row.',
      hint: 'Name every column in the first line if it is not.',
    })
  }
  while (given.length < width) given.push('')
  const missing = given.filter((name) => name === '').length
  const taken = new Set(given)
  const seen = new Set<string>()
  const doubled = new Set<string>()
  /** How often each name has come, so that the next number is known at once. */
  const times = new Map<string, number>()
  const names = given.map((name, i) => {
    const wanted = name || `column ${i + 1}`
    let unique = wanted
    while (seen.has(unique) || (unique !== name && taken.has(unique))) {
      const next = (times.get(wanted) ?? 1) + 1
      times.set(wanted, next)
      unique = `${wanted} (${next})`
    }
    if (name !== '' && unique !== name) doubled.add(name)
    seen.add(unique)
    return unique
  })
  if (missing > 0)
    findings.push({
      severity: 'warning',
      code: 'MISSING_HEADERS',
      message: `${missing} columns have no name and are numbered.`,
      hint: 'Name them in the first line of the file.',
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

/** Names that say that a column is an answer, not a measurement. */
const labelName =
  /^(?:.*[_ .-])?(?:labels?|class(?:es)?|targets?|species|ground[_ -]?truth|is[_ -]?(?:anomaly|outlier|fraud))$|^(?:y|outcome|anomaly|outlier|diagnosis|churn|survived)$/i

/** A y beside an x is a coordinate. */
export const isLabelName = (name: string, all: readonly string[]): boolean =>
  labelName.test(name) && !(/^y$/i.test(name) && all.some((other) => /^x$/i.test(other)))
