/**
 * Delimited text: any delimiter, quoting, encoding and decimal mark; plain or gzipped. Numbers, truth values, categories and
 * dates are learned from; free text goes along as metadata, and so do labels.
 */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { detectEncoding, encodings } from './csv/encoding.ts'
import { tableOptions } from './csv/tableOptions.ts'
import { isGzip } from './csv/text.ts'

const isAscii = (text: string): boolean => text.length === 1 && text.charCodeAt(0) < 128

const options = z.object({
  delimiter: z.string().min(1).max(16).optional().meta({
    title: 'Delimiter',
    description: 'What stands between fields, "tab", or "space" for any number of blanks; by default found from the first lines.',
  }),
  quote: z
    .enum(['"', "'", 'none'])
    .optional()
    .meta({ title: 'Quote', description: 'What stands around texts that hold the delimiter; by default found from the first lines.' }),
  decimal: z.enum(['.', ',']).optional().meta({ title: 'Decimal mark', description: 'By default found from the first lines.' }),
  thousands: z
    .enum([',', '.', ' ', "'", '_', 'none'])
    .optional()
    .meta({ title: 'Thousands separator', description: 'What groups digits, as in 1,234.5; by default found from the first lines.' }),
  header: z.enum(['auto', 'yes', 'no']).default('auto').meta({ title: 'Header', description: 'Whether the first line names the columns.' }),
  skip: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .meta({ title: 'Lines to skip', description: 'Lines above the table that do not belong to it; some are found without being told.' }),
  comment: z
    .string()
    .refine((text) => text === '' || isAscii(text), 'must be one ASCII character, or nothing')
    .optional()
    .meta({ title: 'Comment', description: 'Lines that begin with it are skipped; by default # where such lines stand above the table.' }),
  encoding: z.enum(encodings).optional().meta({
    title: 'Encoding',
    description: 'By default UTF-16 by its mark, UTF-8 where the bytes are, else Latin-1 (Windows-1252).',
  }),
  rowNumbers: z
    .enum(['beside', 'learned'])
    .default('beside')
    .meta({
      title: 'Row numbers',
      labels: { beside: 'Go along', learned: 'Learned from' },
      description:
        'A first column without a name of its own that counts the rows, as R and pandas write it, goes along and is not learned from.',
    }),
  ...tableOptions,
})
export type CsvOptions = z.output<typeof options>

const extensions = ['csv', 'tsv', 'txt', 'tab', 'dat', 'data', 'gz']
const someoneElses = /\.(?:json|jsonl|ndjson|geojson|xml|vrt|md|html?|ya?ml|svg|tiff?|h5(?:ad)?|np[yz]|parquet|mat|nc|zip)$/i

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
