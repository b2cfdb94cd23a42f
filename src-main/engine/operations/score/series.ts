/** Units and times of the windows of a time series, kept with scores so that events need no source. Memory: some 60 bytes a window while they are read. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { asText, type FieldValue, parseTime } from '../../data/fields.ts'
import { openDataset } from '../../data/import.ts'
import type { Draft, Project } from '../../project/project.ts'

export interface SeriesRows {
  readonly meta: NonNullable<ScoresMeta['series']>
  /** [rows] position among the units; null where there is one only. */
  readonly unit: Uint16Array | null
  /** Windows a day brings; null without dates. */
  readonly rowsPerDay: number | null
}

const mostUnits = 65_535

/** Reads them and writes series/… of the draft. Null for what is no time series. */
export async function writeSeries(project: Project, dataset: Artifact, draft: Draft, signal: AbortSignal): Promise<SeriesRows | null> {
  const meta = dataset.meta as unknown as DatasetMeta
  if (meta.kind !== 'series') return null
  const source = await openDataset(meta, project.path, signal)
  try {
    const read = async (field: string): Promise<FieldValue[] | null> =>
      meta.metadataFields.includes(field) && source.metadata ? source.metadata(field) : null
    const unitField = meta.readerOptions['series.unit']
    const unit = numbered(typeof unitField === 'string' ? await read(unitField) : null)
    const start = times(await read('start time'))
    const end = times(await read('end time'))
    const write = (name: string, dtype: 'uint16' | 'float64', values: Uint16Array | Float64Array): void => {
      const writer = draft.writeArray(`series/${name}`, { dtype, shape: [meta.rows] })
      writer.append(values)
      writer.finish()
    }
    if (unit) write('unit', 'uint16', unit.of)
    if (start) write('start', 'float64', start.values)
    if (end) write('end', 'float64', end.values)
    return {
      meta: { units: unit?.names ?? null, isDate: start?.isDate ?? null },
      unit: unit?.of ?? null,
      rowsPerDay: start?.isDate ? perDay(start.values, unit?.of ?? null) : null,
    }
  } finally {
    await source.close()
  }
}

function numbered(values: FieldValue[] | null): { of: Uint16Array; names: string[] } | null {
  if (!values) return null
  const places = new Map<string, number>()
  const of = new Uint16Array(values.length)
  for (const [row, value] of values.entries()) {
    const name = asText(value) ?? ''
    const place = places.get(name) ?? Math.min(places.size, mostUnits)
    places.set(name, place)
    of[row] = place
  }
  return { of, names: [...places.keys()].slice(0, mostUnits + 1) }
}

/** Seconds since 1970 of dates, the numbers themselves otherwise. */
function times(values: FieldValue[] | null): { values: Float64Array; isDate: boolean } | null {
  if (!values) return null
  const isDate = values.some((value) => typeof value === 'string')
  const seconds = (value: FieldValue): number => (typeof value === 'string' ? parseTime(value) / 1000 : (value ?? Number.NaN))
  return { values: Float64Array.from(values, seconds), isDate }
}

/** From the middle step between windows of one unit, times the units. */
export function perDay(start: Float64Array, unit: Uint16Array | null): number | null {
  const last = new Map<number, number>()
  const steps: number[] = []
  for (let row = 0; row < start.length; row++) {
    const of = unit?.[row] ?? 0
    const before = last.get(of)
    if (before !== undefined && start[row] > before) steps.push(start[row] - before)
    if (!Number.isNaN(start[row])) last.set(of, start[row])
  }
  if (steps.length === 0) return null
  const step = Float64Array.from(steps).sort()[steps.length >> 1]
  return (86_400 / step) * Math.max(1, last.size)
}
