/** Puts one face on every reader: options are checked first, and whatever a decoder throws leaves as a StratumError. */
import { cancelled, StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import type { ChunkOptions, OpenSource, Reader, RowChunk } from '../dataset.ts'

/** @throws from `open`: PARAMETER_INVALID for an option that the format does not have, and what the reader throws */
export function guardedReader(reader: Reader): Reader {
  return {
    ...reader,
    async open(path, options, signal) {
      if (signal) throwIfCancelled(signal)
      const chosen = reader.options.strict().safeParse(options)
      if (!chosen.success) {
        const issue = chosen.error.issues[0]
        throw new StratumError(
          'PARAMETER_INVALID',
          `${reader.title}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
          `Options are ${Object.keys(reader.options.shape).join(', ') || 'none'}.`,
          { path },
        )
      }
      try {
        return guardedSource(await reader.open(path, chosen.data, signal), reader.title, path)
      } catch (thrown) {
        throw asReadError(thrown, reader.title, path)
      }
    },
  }
}

/** What a decoder throws over damaged bytes is the file's fault, and says so. */
function asReadError(thrown: unknown, title: string, path: string): StratumError {
  if (thrown instanceof StratumError) return thrown
  // What Node throws where a signal ends a read.
  if (thrown instanceof Error && thrown.name === 'AbortError') return cancelled()
  const { code, message, hint } = toReport(thrown)
  if (code !== 'INTERNAL') return new StratumError(code, message, hint, { path }, thrown)
  return new StratumError(
    'FILE_CORRUPT',
    `The file cannot be read as ${title}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    'Fetch the file again, or open and save it in the program that wrote it.',
    { path },
    thrown,
  )
}

function guardedSource(source: OpenSource, title: string, path: string): OpenSource {
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (thrown) {
      throw asReadError(thrown, title, path)
    }
  }
  async function* chunks(options?: ChunkOptions): AsyncGenerator<RowChunk> {
    try {
      yield* source.chunks(options)
    } catch (thrown) {
      throw asReadError(thrown, title, path)
    }
  }
  async function* metadataBatches(
    fields: readonly string[],
    signal?: AbortSignal,
  ): AsyncGenerator<readonly (readonly (string | number | null)[])[]> {
    try {
      yield* source.metadataBatches?.(fields, signal) ?? []
    } catch (thrown) {
      throw asReadError(thrown, title, path)
    }
  }
  const { readWindow, metadata, fields } = source
  return {
    report: source.report,
    ...(source.files ? { files: source.files } : {}),
    chunks,
    preview: (...options) => guard(source.preview(...options)),
    ...(readWindow ? { readWindow: (...options: Parameters<typeof readWindow>) => guard(readWindow(...options)) } : {}),
    ...(metadata ? { metadata: (field: string) => guard(metadata(field)) } : {}),
    ...(source.metadataBatches ? { metadataBatches } : {}),
    ...(fields ? { fields: () => guard(fields()) } : {}),
    close: () => guard(source.close()),
  }
}
