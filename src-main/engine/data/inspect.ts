/** What a file is, before importing it; and how every source is opened: by its reader, as windows where a time series is wanted. */
import type { DatasetKind, SourceReport } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { OpenSource, Reader } from './dataset.ts'
import { readerFor } from './readers/registry.ts'
import { seriesHint, tableHint } from './series/hint.ts'
import { canBeSeries, seriesChosen, splitOptions } from './series/options.ts'

/** @param as a reader id or a dataset kind. Throws StratumError with code, place and hint. */
export async function inspectSource(
  path: string,
  as?: string,
  options: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
): Promise<SourceReport> {
  const source = await openSource(path, as, options, signal)
  try {
    const { report } = source
    const hint =
      report.kind === 'series' ? tableHint(report, await readerFor(path, as === 'series' ? undefined : as)) : await seriesHint(source)
    return hint === null ? report : { ...report, findings: [...report.findings, hint] }
  } finally {
    await source.close()
  }
}

/** The options with those that follow from the kind that was chosen. */
export const chosenOptions = (
  reader: Reader,
  as: string | null | undefined,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => ({ ...reader.readAs?.[as as DatasetKind], ...seriesChosen(as, options) })

/** Stands between the reader and whoever reads, e.g. the chunk store. */
export type Through = (open: () => Promise<OpenSource>) => Promise<OpenSource>
const directly: Through = (open) => open()

/** Opens a file with the reader that claims it. */
export async function openSource(
  path: string,
  as?: string,
  options: Readonly<Record<string, unknown>> = {},
  signal?: AbortSignal,
  through: Through = directly,
): Promise<OpenSource> {
  const reader = await readerFor(path, as === 'series' ? undefined : as)
  const { own, series } = splitOptions(chosenOptions(reader, as, options))
  const open = (): Promise<OpenSource> => reader.open(path, own, signal)
  if (series === null) return through(open)
  if (!canBeSeries(reader))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `${reader.title} holds no table of rows that follow one another in time.`,
      'Windows are cut from tables and matrices; leave the options of time series out.',
      { path },
    )
  const source = await through(open)
  const { openSeries } = await import('./series/open.ts')
  return openSeries(source, series, signal).catch(async (thrown: unknown) => {
    await source.close()
    throw thrown
  })
}
