/**
 * Vectors with a table beside them: the table's columns go along as metadata, row by row or by a key.
 *
 * Memory: the values of one field at a time; by key also both columns of keys and one position per row.
 */
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Finding } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { isLabelName } from '../columns/names.ts'
import type { OpenSource } from '../dataset.ts'
import type { JoinOptions } from './options.ts'
import { suggestTable } from './suggest.ts'
import { type Table, openTable } from './table.ts'

type Label = string | number | null

/**
 * The source with the columns of the table named in the options. Takes over `source`: it is closed when the table cannot be joined.
 * Without a table named, one that obviously belongs to the vectors is suggested by a finding.
 * @throws DATA_UNSUITABLE when numbers of rows differ, PARAMETER_INVALID for a key that is not there, and what opening the table throws
 */
export async function withMetadata(source: OpenSource, path: string, options: JoinOptions, signal?: AbortSignal): Promise<OpenSource> {
  const { metadata: given, metadataKey: key } = options
  try {
    if (given === undefined) {
      if (key !== undefined)
        throw new StratumError('PARAMETER_INVALID', 'A key is given but no metadata table.', 'Name the table in the option "metadata".', {
          path,
        })
      const found = source.report.kind === 'embedding' ? await suggestTable(path, source.report.rows, signal) : null
      return found ? { ...source, report: { ...source.report, findings: [...source.report.findings, found] } } : source
    }
    const tablePath = isAbsolute(given) ? given : resolve(dirname(resolve(path)), given)
    if (tablePath === resolve(path))
      throw new StratumError('PARAMETER_INVALID', 'The metadata table is the file itself.', 'Name another file.', { path })
    const table = await openTable(tablePath, signal)
    try {
      return await joined(source, table, path, tablePath, key)
    } catch (thrown) {
      await table.close()
      throw thrown
    }
  } catch (thrown) {
    await source.close()
    throw thrown
  }
}

async function joined(source: OpenSource, table: Table, path: string, tablePath: string, key: string | undefined): Promise<OpenSource> {
  const { report } = source
  const findings: Finding[] = [...report.findings]
  const rowOf = key === undefined ? null : await matchKeys(source, table, key, path, findings)
  if (!rowOf && table.rows !== report.rows)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The table has ${table.rows} rows, and there are ${report.rows} vectors.`,
      'Choose the table that was written with these vectors, or join by a key column.',
      { path: tablePath, rows: table.rows, expected: report.rows },
    )
  // What the vectors' own file calls by the same name keeps it.
  const taken = new Set(report.metadataFields)
  const fieldOf = new Map(table.fields.map((name) => [taken.has(name) ? `${table.name}: ${name}` : name, name]))
  const added = [...fieldOf.keys()]
  if (table.leftOut > 0)
    findings.push({
      severity: 'warning',
      code: 'METADATA_CUT',
      message: `The table has ${table.leftOut} more columns, which are not joined.`,
      hint: 'Keep only the columns that are needed.',
    })

  async function metadata(field: string): Promise<Label[]> {
    const name = fieldOf.get(field)
    if (name === undefined) {
      if (source.metadata && report.metadataFields.includes(field)) return source.metadata(field)
      throw new StratumError(
        'PARAMETER_INVALID',
        `There is no field called "${field}".`,
        `Fields are ${[...report.metadataFields, ...added].slice(0, 20).join(', ')}.`,
        { path, field },
      )
    }
    const values = await table.values(name)
    return rowOf ? Array.from(rowOf, (row) => (row < 0 ? null : (values[row] as Label))) : values
  }
  const metadataFields = [...report.metadataFields, ...added]
  const labelFields = [...(report.labelFields ?? []), ...added.filter((field) => isLabelName(fieldOf.get(field) as string))]
  return {
    ...source,
    report: {
      ...report,
      metadataFields,
      ...(labelFields.length > 0 ? { labelFields } : {}),
      findings,
      details: { ...report.details, metadata: table.name },
    },
    files: [...(source.files ?? [resolve(path)]), tablePath],
    metadata,
    async preview(offset, limit, maxColumns) {
      const shown = added.slice(0, Math.max(0, Math.min(8, maxColumns - 1)))
      const own = await source.preview(offset, limit, maxColumns - shown.length)
      const values = await Promise.all(shown.map((field) => metadata(field)))
      return {
        names: [...shown, ...own.names],
        rows: own.rows.map((row, i) => [...values.map((field) => field[offset + i] ?? null), ...row]),
      }
    },
    async close() {
      await table.close()
      await source.close()
    },
  }
}

/** Of each vector the row of the table, −1 where there is none. */
async function matchKeys(source: OpenSource, table: Table, key: string, path: string, findings: Finding[]): Promise<Int32Array> {
  const [own = '', other = own] = key.split('=').map((part) => part.trim())
  if (!source.metadata || !source.report.metadataFields.includes(own))
    throw new StratumError(
      'PARAMETER_INVALID',
      `The file of the vectors has no column called "${own}".`,
      source.report.metadataFields.length > 0
        ? `Its columns are ${source.report.metadataFields.slice(0, 20).join(', ')}.`
        : 'It has no columns beside the vectors: leave the key out, and rows are joined in their order.',
      { path, field: own },
    )
  if (!table.fields.includes(other))
    throw new StratumError(
      'PARAMETER_INVALID',
      `The metadata table has no column called "${other}".`,
      `Its columns are ${table.fields.slice(0, 20).join(', ')}.`,
      { path: table.path, field: other },
    )
  const rows = new Map<string, number>()
  let repeated = 0
  for (const [row, value] of (await table.values(other)).entries()) {
    if (value === null) continue
    if (rows.has(String(value))) repeated++
    else rows.set(String(value), row)
  }
  if (repeated > 0)
    findings.push({
      severity: 'warning',
      code: 'KEYS_REPEATED',
      message: `${counted(repeated, 'row')} of the table ${nounFor(repeated, 'repeats', 'repeat')} a key of "${other}"; the first row of each counts.`,
      hint: 'Check that the key names one row.',
    })
  const keys = await source.metadata(own)
  let missing = 0
  const rowOf = Int32Array.from(keys, (value) => {
    const row = value === null ? undefined : rows.get(String(value))
    if (row === undefined) missing++
    return row ?? -1
  })
  if (missing === keys.length && keys.length > 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `No key of "${own}" is found in the column "${other}" of the table.`,
      'Choose another key column.',
      { path: table.path, field: other },
    )
  if (missing > 0)
    findings.push({
      severity: 'warning',
      code: 'KEYS_MISSING',
      message: `${missing} of ${keys.length} vectors ${nounFor(missing, 'has', 'have')} no row in the table; ${nounFor(missing, 'its', 'their')} fields are empty.`,
      hint: 'Check the key column, or take a newer table.',
    })
  return rowOf
}
