/** What one press can do about a finding before the file is imported. */
import type { Finding } from '#common/domain/dataset.ts'
import { importer, session } from '../../lib/app.ts'

/** Findings that name an option and its value are put right by setting it. */
export function fixForFile({ where = {} }: Finding): { label: string; run: () => void } | null {
  const { option, value } = where
  if (typeof option !== 'string' || value === undefined) return null
  const format = session.registry?.formats.find(({ id }) => id === importer.report?.format)
  if (!(option in ((format?.options.properties as object | undefined) ?? {}))) return null
  return { label: `Use ${value}`, run: () => importer.setOptions({ ...importer.options, [option]: value }) }
}
