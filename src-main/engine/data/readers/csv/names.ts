/** Names of the columns out of the first record. */
import type { Finding } from '#common/domain/dataset.ts'
import { usableNames } from '../../columns/names.ts'

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
  return usableNames(given, findings)
}
