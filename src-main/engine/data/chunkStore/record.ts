/** Writes the decoded rows of a source on their way to whoever makes the first full pass. */
import type { ChunkOptions, OpenSource, RowChunk } from '../dataset.ts'
import type { ChunkStore, Recording } from './store.ts'

export interface RecordingRules {
  /** Smaller sources are decoded in no time. */
  readonly leastBytes: number
  /** A source that decodes faster than this is not worth a copy. */
  readonly fastBytesPerSecond: number
  /** Sparse sources would become larger than they are worth. */
  readonly mostTimesTheFile: number
}
export const defaultRules: RecordingRules = { leastBytes: 4e6, fastBytesPerSecond: 600e6, mostTimesTheFile: 8 }

/** Whether a source is fast is known after this many bytes. */
const trialBytes = 64e6
/** A time series leaves out its time, unit and label; a pass over less than that says nothing of what later ones will want. */
const mostLeftOut = 5
/** Formats that are read as they lie on disk. */
const asTheyLie = new Set(['npy', 'safetensors', 'arrow'])

/**
 * The same source; its next pass over all rows and about all columns is recorded under `key`. A pass that ends early, fails, or turns out to be
 * fast leaves nothing. Memory: a copy of one chunk, written while the next one is decoded, and one piece.
 */
export function recorded(source: OpenSource, store: ChunkStore, key: string, rules: RecordingRules = defaultRules): OpenSource {
  const { report } = source
  /** One pass at a time, and none once it is known that it is not worth it or does not work. */
  let mayRecord = true

  async function* chunks(options: ChunkOptions = {}): AsyncGenerator<RowChunk> {
    const columns = options.columns ?? report.columns.map((_, i) => i)
    const recording = mayRecord ? await begin(columns) : null
    if (recording === null) {
      yield* source.chunks(options)
      return
    }
    mayRecord = false
    let active: Recording | null = recording
    let writing: Promise<void> = Promise.resolve()
    const give = async (): Promise<void> => {
      await writing.catch(() => undefined)
      await active?.drop().catch(() => undefined) // the file is a leftover at worst, and removed with time
      active = null
    }
    let [rows, bytes, seconds] = [0, 0, 0]
    let wasWhole = false
    try {
      let asked = performance.now()
      for await (const chunk of source.chunks(options)) {
        seconds += (performance.now() - asked) / 1000
        rows += chunk.n
        bytes += chunk.n * columns.length * 4
        if (active && bytes >= trialBytes && bytes / seconds > rules.fastBytesPerSecond) await give()
        if (active) {
          // A disk that is full ends the recording, not the pass.
          await writing.catch(give)
          // The receiver owns the buffers from here on.
          const { n, X, valid } = chunk
          if (active) writing = recording.writer.append({ n, X: X.slice(0, n * columns.length), valid: valid.slice(0, n) })
          writing.catch(() => undefined) // thrown where it is awaited
        }
        yield chunk
        asked = performance.now()
      }
      wasWhole = true
      seconds += (performance.now() - asked) / 1000
      await writing.catch(give)
      const isWorthIt = rows === report.rows && bytes / seconds <= rules.fastBytesPerSecond
      if (active && isWorthIt) {
        await recording
          .keep({ report, columns: [...columns], hasMetadata: metadata !== undefined, hasFields: fields !== undefined })
          .then(() => {
            active = null
          })
          .catch(give)
      }
    } finally {
      if (active && !wasWhole) mayRecord = true
      await give()
    }
  }

  function begin(columns: readonly number[]): Promise<Recording | null> {
    const bytes = report.rows * columns.length * 4
    const isTooSmall =
      bytes < rules.leastBytes || columns.length < Math.max(1, report.columns.length / 2, report.columns.length - mostLeftOut)
    if (isTooSmall || asTheyLie.has(report.format) || bytes > rules.mostTimesTheFile * Math.max(report.sizeBytes, 32e6))
      return Promise.resolve(null)
    return store.begin(key, columns.length, report.dtype, bytes)
  }

  const { readWindow, metadata, metadataBatches, fields } = source
  return {
    report,
    ...(source.files ? { files: source.files } : {}),
    chunks,
    preview: (...options) => source.preview(...options),
    ...(readWindow ? { readWindow: readWindow.bind(source) } : {}),
    ...(metadata ? { metadata: metadata.bind(source) } : {}),
    ...(metadataBatches ? { metadataBatches: metadataBatches.bind(source) } : {}),
    ...(fields ? { fields: fields.bind(source) } : {}),
    close: () => source.close(),
  }
}
