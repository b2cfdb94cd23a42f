/** Records in JSON: one object after another (JSON lines), or an array of them. Read as a table with a column for each key. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { chosenTypes } from './csv/columns.ts'
import { isGzip } from './csv/text.ts'

const options = z.object({
  missing: z
    .array(z.string())
    .default([])
    .meta({ title: 'Missing values', description: 'Texts that mean no value, besides null and the usual ones, e.g. -200.' }),
  types: z
    .record(z.string(), z.enum(chosenTypes))
    .default({})
    .meta({ title: 'Types', description: 'What a column is, by its name, where it is not found rightly.' }),
  dateOrder: z.enum(['dmy', 'mdy']).optional().meta({
    title: 'Date order',
    description: 'Day or month first in dates such as 3/4/2024; by default found from all dates of the column.',
  }),
  labels: z
    .array(z.string())
    .optional()
    .meta({ title: 'Labels', description: 'Columns that are not learned from; by default those called label, class, target, species …' }),
})
export type JsonOptions = z.output<typeof options>

const lines = /\.(?:jsonl|ndjson|jsonlines)(?:\.gz)?$/i

export const jsonLines: Reader = {
  id: 'json',
  title: 'JSON records',
  kind: 'table',
  extensions: ['json', 'jsonl', 'ndjson'],
  options,
  probe(head, path) {
    if (/\.geojson$/i.test(path)) return 0
    if (isGzip(head)) return lines.test(path) || /\.json\.gz$/i.test(path) ? 2 : 0
    const text = new TextDecoder('latin1')
      .decode(head.subarray(0, 1024))
      .replace(/^\xef\xbb\xbf/, '')
      .trimStart()
    if (/^(?:\{[\s\S]{0,200})?"type"\s*:\s*"(?:Feature|FeatureCollection|Topology)"/.test(text)) return 0
    const named = lines.test(path) || /\.json$/i.test(path)
    if (/^(?:\{\s*"|\[\s*[{[])/.test(text)) return named ? 2 : 1
    return named && /^[[{]/.test(text) ? 1 : 0
  },
  async open(path, chosen, signal) {
    const { openJson } = await import('./jsonLines/open.ts')
    return openJson(path, options.parse(chosen), signal)
  },
}
