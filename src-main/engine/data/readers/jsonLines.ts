/** Records in JSON: one object after another (JSON lines), or an array of them. Read as a table with a column for each key. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { tableOptions } from './csv/tableOptions.ts'
import { isGzip } from './csv/text.ts'

const options = z.object(tableOptions)
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
