/**
 * A source that answers from its decoded rows. What is not there (text fields, pixels of a window, columns that were left out)
 * comes from the source itself, which is opened only then; so does the rest of a pass when the store's file fails.
 *
 * Memory: two chunks, one being read while the other is used.
 */
import type { SourceReport } from '#common/domain/dataset.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, RowChunk } from '../dataset.ts'
import { fieldBatches } from '../fields.ts'
import type { PieceReader } from './file.ts'

export interface Fallback {
  readonly path: string
  readonly files?: readonly string[]
  open(): Promise<OpenSource>
  /** Told when the stored rows cannot be read any more. */
  failed(): Promise<void>
}

export function cachedSource(pieces: PieceReader, fallback: Fallback): OpenSource {
  const { index } = pieces
  const report: SourceReport = { ...index.report, path: fallback.path }
  const placeOf = new Map(index.columns.map((column, place) => [column, place]))
  let source: Promise<OpenSource> | null = null
  let isClosed = false
  /** Opened after this one is closed, nobody would close it. */
  const original = (): Promise<OpenSource> => {
    if (isClosed) return Promise.reject(new Error('the source is closed'))
    source ??= fallback.open()
    source.catch(() => {
      source = null
    })
    return source
  }

  async function* chunks(options: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const wanted = options.columns ?? report.columns.map((_, i) => i)
    const places = wanted.map((column) => placeOf.get(column) ?? -1)
    if (places.includes(-1)) {
      yield* (await original()).chunks(options)
      return
    }
    let done = 0
    try {
      for await (const chunk of storedChunks(pieces, places, options)) {
        yield chunk
        done = chunk.start + chunk.n
      }
      return
    } catch (thrown) {
      // Of a file that was closed nothing is wrong.
      if (options.signal?.aborted || isClosed) throw thrown
      await fallback.failed()
    }
    for await (const chunk of (await original()).chunks(options)) {
      const skip = Math.max(0, done - chunk.start)
      if (skip < chunk.n) yield skip === 0 ? chunk : after(chunk, skip, wanted.length)
    }
  }

  return {
    report,
    ...(fallback.files ? { files: fallback.files } : {}),
    chunks,
    preview: async (...options) => (await original()).preview(...options),
    ...(report.grid === null
      ? {}
      : {
          async readWindow(...options: Parameters<NonNullable<OpenSource['readWindow']>>) {
            const opened = await original()
            if (!opened.readWindow) throw new Error('a source with a grid reads windows')
            return opened.readWindow(...options)
          },
        }),
    ...(index.hasMetadata
      ? {
          metadata: async (field: string) => (await (await original()).metadata?.(field)) ?? [],
          async *metadataBatches(fields: readonly string[], signal?: AbortSignal) {
            yield* fieldBatches(await original(), fields, signal)
          },
        }
      : {}),
    ...(index.hasFields ? { fields: async () => (await (await original()).fields?.()) ?? null } : {}),
    async close() {
      isClosed = true
      await pieces.close()
      await (await source?.catch(() => null))?.close()
    },
  }
}

const after = ({ start, n, X, valid }: RowChunk, skip: number, d: number): RowChunk => ({
  start: start + skip,
  n: n - skip,
  X: X.slice(skip * d, n * d),
  valid: valid.slice(skip, n),
})

async function* storedChunks(
  pieces: PieceReader,
  places: readonly number[],
  { maxBytes = 32 << 20, signal }: ChunkOptions,
): AsyncGenerator<RowChunk> {
  const { pieces: list, pieceRows, columns } = pieces.index
  const d = places.length
  const perChunk = Math.max(1, Math.floor(maxBytes / Math.max(1, 4 * d)))
  const piecesEach = Math.max(1, Math.floor(perChunk / pieceRows))
  const isWhole = d === columns.length && places.every((place, i) => place === i)
  const read = async (from: number): Promise<RowChunk> => {
    const to = Math.min(list.length, from + piecesEach)
    const rows = list.slice(from, to).reduce((sum, piece) => sum + piece.rows, 0)
    const X = new Float32Array(rows * d)
    const valid = new Uint8Array(rows)
    const whole = isWhole ? null : new Float32Array(pieceRows * columns.length)
    for (let i = from, row = 0; i < to; i++) {
      const n = (list[i] as { rows: number }).rows
      await pieces.read(i, whole ?? X, whole ? 0 : row * d, valid, row)
      if (whole) gather(whole, columns.length, places, X, valid, row, n)
      row += n
    }
    return { start: from * pieceRows, n: rows, X, valid }
  }
  let next: Promise<RowChunk> | null = list.length > 0 ? read(0) : null
  for (let from = 0; next; from += piecesEach) {
    const chunk: RowChunk = await next
    if (signal) throwIfCancelled(signal)
    next = from + piecesEach < list.length ? read(from + piecesEach) : null
    next?.catch(() => undefined) // thrown where it is awaited; the receiver may end before
    if (chunk.n <= perChunk) yield chunk
    else
      for (let row = 0; row < chunk.n; row += perChunk) {
        const n = Math.min(perChunk, chunk.n - row)
        yield { start: chunk.start + row, n, X: chunk.X.slice(row * d, (row + n) * d), valid: chunk.valid.slice(row, row + n) }
      }
  }
}

/** A choice of columns; a row without a value in any of them is not valid, as when the source is read with that choice. */
function gather(
  from: Float32Array,
  D: number,
  places: readonly number[],
  X: Float32Array,
  valid: Uint8Array,
  row: number,
  n: number,
): void {
  const d = places.length
  for (let i = 0; i < n; i++) {
    let any = 0
    for (let j = 0; j < d; j++) {
      const value = from[i * D + (places[j] as number)] as number
      X[(row + i) * d + j] = value
      if (value - value === 0) any = 1
    }
    valid[row + i] = (valid[row + i] as number) & any
  }
}
