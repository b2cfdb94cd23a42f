/** A comparison as CSV: means with spreads and standings, and every run. */
import { comparisonTable } from '#common/domain/comparisonTable.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { type CsvOptions, createCsv } from './csv.ts'
import type { ExportedFile } from './outputFile.ts'

/** Memory: the table, which has a line for each run. @throws StratumError when `path` cannot be written */
export async function exportComparison(path: string, meta: ComparisonMeta, options?: CsvOptions): Promise<ExportedFile[]> {
  const { columns, rows } = comparisonTable(meta)
  const writer = await createCsv(path, [...columns], options)
  try {
    await writer.writeRows(rows.map((row) => [...row]))
  } catch (thrown) {
    await writer.abort()
    throw thrown
  }
  return writer.finish()
}
