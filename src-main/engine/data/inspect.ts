/** What a file is, before importing it. */
import type { SourceReport } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled, toReport } from '#common/errors.ts'
import type { OpenSource } from './dataset.ts'
import { readerFor } from './readers/registry.ts'

export async function inspectSource(path: string, as?: string, options: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal): Promise<SourceReport> {
  const source = await openSource(path, as, options, signal)
  try {
    return source.report
  } finally {
    await source.close()
  }
}

/**
 * Opens a file with the reader that claims it. Whatever goes wrong in a reader leaves here as a StratumError with the path.
 * @throws PARAMETER_INVALID for an option that the format does not have, and what `readerFor` and the reader throw
 */
export async function openSource(path: string, as?: string, options: Readonly<Record<string, unknown>> = {}, signal?: AbortSignal): Promise<OpenSource> {
  if (signal) throwIfCancelled(signal)
  const reader = await readerFor(path, as)
  const chosen = reader.options.strict().safeParse(options)
  if (!chosen.success) {
    const issue = chosen.error.issues[0]
    throw new StratumError('PARAMETER_INVALID', `${reader.title}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(), `Options are ${Object.keys(reader.options.shape).join(', ')}.`, { path })
  }
  try {
    return await reader.open(path, chosen.data, signal)
  } catch (thrown) {
    if (thrown instanceof StratumError) throw thrown
    const { code, message, hint } = toReport(thrown)
    if (code !== 'INTERNAL') throw new StratumError(code, message, hint, { path }, thrown)
    throw new StratumError('FILE_CORRUPT', `The file cannot be read as ${reader.title}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, 'Fetch the file again, or open and save it in the program that wrote it.', { path }, thrown)
  }
}
