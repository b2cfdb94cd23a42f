/** What a file is, before importing it. */
import type { SourceReport } from '#common/domain/dataset.ts'
import type { OpenSource } from './dataset.ts'
import { readerFor } from './readers/registry.ts'

/** @param as a reader id or a dataset kind. Throws StratumError with code, place and hint. */
export async function inspectSource(
  path: string,
  as?: string,
  options: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<SourceReport> {
  const source = await openSource(path, as, options, signal)
  try {
    return source.report
  } finally {
    await source.close()
  }
}

/** Opens a file with the reader that claims it. */
export async function openSource(
  path: string,
  as?: string,
  options: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<OpenSource> {
  const reader = await readerFor(path, as)
  return reader.open(path, options, signal)
}
