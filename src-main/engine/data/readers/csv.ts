/** Delimited text: comma, semicolon, tab or bar; UTF-8, UTF-16 or Latin-1; plain or gzipped. Columns of numbers are learned from. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { detectEncoding, isGzip } from './csv/text.ts'

const options = z.object({
  delimiter: z
    .string()
    .length(1)
    .optional()
    .meta({ title: 'Delimiter', description: 'The character between fields; by default found from the first lines.' }),
  decimal: z.enum(['.', ',']).optional().meta({ title: 'Decimal mark', description: 'By default found from the first lines.' }),
  header: z.enum(['auto', 'yes', 'no']).default('auto').meta({ title: 'Header', description: 'Whether the first line names the columns.' }),
  encoding: z
    .enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'])
    .optional()
    .meta({ title: 'Encoding', description: 'By default UTF-8, UTF-16 by its mark, else Latin-1.' }),
  missing: z
    .array(z.string())
    .default([])
    .meta({ title: 'Missing values', description: 'Texts that mean no value, besides the usual ones, e.g. -200.' }),
})
export type CsvOptions = z.output<typeof options>

const extensions = ['csv', 'tsv', 'txt', 'tab', 'dat', 'data', 'gz']
const someoneElses = /\.(?:json|geojson|xml|vrt|md|html?|ya?ml|svg|tiff?|h5(?:ad)?|np[yz]|parquet|mat|nc|zip)$/i

export const csv: Reader = {
  id: 'csv',
  title: 'CSV table',
  kind: 'table',
  extensions,
  options,
  probe(head, path) {
    if (isGzip(head)) return /\.(?:csv|tsv|txt|tab)\.gz$/i.test(path) ? 2 : /\.gzz?$/i.test(path) ? 1 : 0
    if (head.length === 0 || !isText(head) || someoneElses.test(path)) return 0
    return /\.(?:csv|tsv)$/i.test(path) ? 2 : 1
  },
  async open(path, chosen, signal) {
    const { openCsv } = await import('./csv/open.ts')
    return openCsv(path, options.parse(chosen), signal)
  },
}

/** No zero bytes (but UTF-16) and few control characters. */
function isText(head: Uint8Array): boolean {
  if (detectEncoding(head) !== 'utf-8') return true
  let controls = 0
  for (const byte of head) {
    if (byte === 0) return false
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls++
  }
  return controls <= head.length / 100
}
