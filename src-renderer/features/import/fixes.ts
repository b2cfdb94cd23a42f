/** What one press can do about a finding before the file is imported. */
import type { Finding } from '#common/domain/dataset.ts'
import { importer, session } from '../../lib/app.ts'

type Fix = { readonly label: string; readonly run: () => void }

/** Findings that name an option and its value, or a number that stands for "missing", are put right by setting the option. */
export function fixForFile({ code, where = {} }: Finding): Fix | null {
  const { option, value } = where
  const known = session.registry?.formats.find(({ id }) => id === importer.report?.format)?.options.properties as object | undefined
  const set = (name: string, to: unknown, label: string): Fix | null =>
    name in (known ?? {}) ? { label, run: () => importer.setOptions({ ...importer.options, [name]: to }) } : null
  if (code === 'COULD_BE_SERIES') {
    const times = [where.time, where.clock].filter((field) => field !== undefined)
    const series = {
      'series.time': times,
      'series.length': where.length,
      ...(where.unit === undefined ? {} : { 'series.unit': where.unit }),
    }
    return { label: 'Read as a time series', run: () => importer.setOptions({ ...importer.options, ...series }) }
  }
  if (code === 'READ_AS_SERIES')
    return {
      label: where.kind === 'table' ? 'Read as a table' : 'Read as single rows',
      run: () => void importer.inspectAs(String(where.kind)),
    }
  if (code === 'UNMARKED_DATES')
    return set('types', { ...(importer.options.types as object | undefined), [String(where.column)]: where.type }, 'Read as dates')
  if (typeof option === 'string' && value !== undefined)
    return set(option, value, option === 'leadingZeros' ? 'Read as numbers' : `Use ${value}`)
  if (code !== 'SUSPICIOUS_VALUE' || value === undefined) return null
  const before = importer.options.missing
  return set(
    'missing',
    [...(Array.isArray(before) ? before.map(String) : []), String(value)],
    `Read ${String(value).replace('-', '−')} as missing`,
  )
}
