/**
 * Opens files that were damaged, in a process of its own that the parent may end: reads {reader, path, options} as lines of JSON and answers
 * each with a line. What is read of a file is bounded, for a header may honestly promise billions of rows.
 */
import { createInterface } from 'node:readline'
import { StratumError } from '#common/errors.ts'
import { openSource } from '#engine/data/inspect.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'

export interface FuzzCase {
  readonly reader: string
  readonly path: string
  readonly options: Readonly<Record<string, unknown>>
}
export interface FuzzAnswer {
  /** How it went: read, or the code of the error; anything else than a StratumError is 'crash', which INTERNAL counts as too. */
  readonly outcome: 'read' | 'crash' | (string & {})
  readonly detail: string
  readonly ms: number
  /** Highest so far. */
  readonly rssMB: number
}

const mostRows = 200_000
const mostBytes = 64 << 20

async function readThrough({ reader, path, options }: FuzzCase): Promise<void> {
  const signal = AbortSignal.timeout(4000)
  const source = await openSource(path, reader, options, signal)
  try {
    const { rows, columns, metadataFields, grid, kind } = source.report
    if (!Number.isSafeInteger(rows) || rows < 0) throw new Error(`${rows} rows`)
    await source.preview(0, 5, 20)
    await source.preview(Math.max(0, rows - 2), 5, 20)
    let [seen, bytes] = [0, 0]
    for await (const { n, X } of source.chunks({ maxBytes: 4 << 20, signal })) {
      if (X.length !== n * columns.length) throw new Error(`${X.length} values in ${n} rows of ${columns.length} columns`)
      seen += n
      bytes += X.byteLength
      if (seen > mostRows || bytes > mostBytes) break
    }
    if (seen > rows) throw new Error(`${seen} rows came of ${rows}`)
    if (rows <= mostRows) for (const field of metadataFields.slice(0, 3)) await source.metadata?.(field)
    if (kind === 'raster' && grid && columns.length > 0)
      await source.readWindow?.([0], { x: 0, y: 0, width: grid.width, height: grid.height, outWidth: 16, outHeight: 16 }, signal)
  } finally {
    await source.close()
  }
}

const answerOf = (thrown: unknown): Pick<FuzzAnswer, 'outcome' | 'detail'> => {
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  if (!(thrown instanceof StratumError) || thrown.code === 'INTERNAL') return { outcome: 'crash', detail }
  if (!thrown.hint) return { outcome: 'crash', detail: `without a hint: ${detail}` }
  return { outcome: thrown.code, detail: thrown.message }
}

for await (const line of createInterface({ input: process.stdin })) {
  const started = performance.now()
  const how = await readThrough(JSON.parse(line) as FuzzCase).then(() => ({ outcome: 'read', detail: '' }), answerOf)
  const answer: FuzzAnswer = { ...how, ms: performance.now() - started, rssMB: peakMemoryMB() }
  process.stdout.write(`\u0001${JSON.stringify(answer)}\n`)
}
