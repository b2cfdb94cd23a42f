/** What should be known of a sheet. */
import type { Finding } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import type { StoredType } from '../../columns/columnar.ts'
import type { Extent, Tally } from './survey.ts'
import type { Workbook } from './workbook.ts'

export function noteSheets(
  { sheets }: Workbook,
  chosen: string,
  { errors, hasHeader, units, first, last, above }: Extent,
  findings: Finding[],
): void {
  if (sheets.length > 1)
    findings.push({
      severity: 'info',
      code: 'SEVERAL_SHEETS',
      message: `The workbook has ${sheets.length} sheets; "${chosen}" is read.`,
      hint: 'Choose another one in the option "sheet".',
    })
  if (above > 0)
    findings.push({
      severity: 'info',
      code: 'ROWS_ABOVE',
      message: `${counted(above, 'row')} above the table ${nounFor(above, 'is', 'are')} passed over; it begins in row ${hasHeader ? first - (units ? 2 : 1) : first}.`,
      hint: 'If they belong to it, say in the option "firstRow" where it begins.',
    })
  if (!hasHeader && last >= first)
    findings.push({
      severity: 'info',
      code: 'NO_HEADER',
      message: 'The first row holds values, so the columns are numbered.',
      hint: 'If it does name the columns, set the header option to yes.',
    })
  if (units) {
    const given = [...new Set(units.filter((unit) => unit !== null))]
    findings.push({
      severity: 'info',
      code: 'UNITS_LINE',
      message: `The row below the names gives units (${given.slice(0, 5).join(', ')}${given.length > 5 ? ', …' : ''}); it is no row of the table.`,
      hint: 'If it is one, say in the option "firstRow" where the table begins, and set the header option to no.',
      where: { row: first - 1 },
    })
  }
  if (errors.count > 0)
    findings.push({
      severity: 'warning',
      code: 'ERROR_CELLS',
      message: `${errors.count} cells hold errors such as ${errors.value}; they count as missing.`,
      hint: 'Correct their formulas if values are expected.',
      where: { row: errors.firstRow },
    })
}

export function noteOddCells(name: string, type: StoredType, tally: Tally, findings: Finding[]): void {
  const { number, date, boolean, numeric, firstText } = tally
  const text = tally.text - (type === 'text' ? 0 : numeric)
  if (type === 'number' && numeric > 0)
    findings.push({
      severity: 'info',
      code: 'NUMBERS_AS_TEXT',
      message: `${numeric} numbers of "${name}" are stored as texts; they are read as numbers.`,
      hint: 'If these are names rather than numbers, they can be left out when the data are prepared.',
      where: { column: name },
    })
  if (type === 'text' && number + date + boolean > 0 && text > 0)
    findings.push({
      severity: 'info',
      code: 'MIXED_COLUMN',
      message: `"${name}" holds ${text} texts and ${number + date + boolean} numbers; all are read as texts.`,
      hint: 'If it should be numbers, correct these cells.',
      where: { column: name, row: firstText?.row ?? 0 },
    })
  if (text === 0 || !firstText || type === 'text') return
  findings.push({
    severity: 'warning',
    code: 'NOT_NUMBERS',
    message: `${text} cells of "${name}" are not numbers, first "${firstText.value}" in row ${firstText.row}; they count as missing.`,
    hint: 'Correct these cells.',
    where: { column: name, row: firstText.row },
  })
}
