/** Units and times of the windows of a time series, kept with scores so that events need no source. Memory: 26 bytes a window, and what the dataset needs to tell them. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { asText, type FieldValue, fieldBatches, parseTime } from '../../data/fields.ts'
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
    const batchesOf = (field: string): Batches | null =>
      meta.metadataFields.includes(field) ? fieldBatches(source, [field], signal) : null
    const unitField = meta.readerOptions['series.unit']
    const unit = await numbered(typeof unitField === 'string' ? batchesOf(unitField) : null, meta.rows)
    const start = await times(batchesOf('start time'), meta.rows)
    const end = await times(batchesOf('end time'), meta.rows)
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

type Batches = AsyncIterable<readonly (readonly FieldValue[])[]>

async function numbered(batches: Batches | null, rows: number): Promise<{ of: Uint16Array; names: string[] } | null> {
  if (!batches) return null
  const places = new Map<string, number>()
  const of = new Uint16Array(rows)
  let row = 0
  for await (const batch of batches)
    for (const [value] of batch) {
      const name = asText(value) ?? ''
      const place = places.get(name) ?? Math.min(places.size, mostUnits)
      places.set(name, place)
      of[row++] = place
    }
  return { of, names: [...places.keys()].slice(0, mostUnits + 1) }
}

/** Seconds since 1970 of dates, the numbers themselves otherwise. */
async function times(batches: Batches | null, rows: number): Promise<{ values: Float64Array; isDate: boolean } | null> {
  if (!batches) return null
  const values = new Float64Array(rows).fill(Number.NaN)
  let isDate = false
  let row = 0
  for await (const batch of batches)
    for (const [value] of batch) {
      if (typeof value === 'string') isDate = true
      values[row++] = typeof value === 'string' ? parseTime(value) / 1000 : (value ?? Number.NaN)
    }
  return { values, isDate }
}

/** From the middle step between windows of one unit, times the units. */
export function perDay(start: Float64Array, unit: Uint16Array | null): number | null {
  const last = new Map<number, number>()
  const steps = new Float64Array(start.length)
  let n = 0
  for (let row = 0; row < start.length; row++) {
    const of = unit?.[row] ?? 0
    const before = last.get(of)
    if (before !== undefined && start[row] > before) steps[n++] = start[row] - before
    if (!Number.isNaN(start[row])) last.set(of, start[row])
  }
  if (n === 0) return null
  const step = steps.subarray(0, n).sort()[n >> 1]
  return (86_400 / step) * Math.max(1, last.size)
}
