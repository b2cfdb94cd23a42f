/** How large an export will be, before it is written. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { metaOf } from '../../lib/artifacts.ts'
import type { ExportItem } from './exporter.svelte.ts'

type Page = Extract<Awaited<ReturnType<Client<EngineCalls>['readRows']>>, { ok: true }>['value']
export type FirstRows = Pick<Page, 'names' | 'rows'>

/** What a field takes in each row, in bytes: written as text, and in AnnData. */
interface FieldBytes {
  readonly text: number
  readonly annData: number
}
/** Of a field that the first rows do not show, as they cannot be read or it is one of very many. */
const unseen: FieldBytes = { text: 9, annData: 12 }

/** From the first rows of a dataset, by the name of the field. */
export function fieldBytesOf({ names, rows }: FirstRows): ReadonlyMap<string, FieldBytes> {
  const encoder = new TextEncoder()
  return new Map(
    names.map((name, j) => {
      const cells = rows.map((row) => row[j] ?? '')
      const lengths = cells.map((cell) => encoder.encode(writtenAs(cell)).length)
      const isText = cells.some((cell) => typeof cell === 'string' && cell !== '')
      // Texts that repeat are categories there: a number of one byte. Others lie in a heap, a head before each, in steps of eight bytes.
      const repeats = new Set(cells).size < cells.length / 2
      const heap = lengths.map((length) => 16 + 8 * Math.ceil(length / 8))
      return [name, { text: mean(lengths), annData: isText ? (repeats ? 1 : mean(heap)) : 4 }]
    }),
  )
}
/** Numbers are written as short as they read back as the same float32. */
const writtenAs = (cell: string | number | boolean): string => String(typeof cell === 'number' ? Number(cell.toPrecision(7)) : cell)
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

/** Results as text have about eight signs each. */
const signs = 9

/**
 * Rough size of what will be written: stored values before compression, text as long as it is in the first rows.
 *
 * @param first of the dataset, where they were read
 */
export function estimatedBytes(item: ExportItem, options: Readonly<Record<string, unknown>> = {}, first: FirstRows | null = null): number {
  const { source, target: chosen } = item
  if (chosen.id === 'h5ad') return annDataBytes(item, options, first)
  if (source.kind === 'model') return 4 * metaOf(source, 'model').layout.weights + 4000
  const rows = Number(source.meta.rows ?? 0)
  if (chosen.list === 'classes' || chosen.id === 'json') {
    const { classes = [] } = source.meta as Partial<ClusteringMeta>
    return classes.length * (200 + 30 * (classes[0]?.mean.length ?? 0))
  }
  if (chosen.list === 'events') return 120 * (metaOf(source, 'scores').events?.count ?? 0) + 150
  if (chosen.list === 'objects') return 120 * (metaOf(source, 'scores').objects?.count ?? 0) + 150
  if (chosen.list === 'flagged') return 60 * Number(source.meta.flagged ?? 0) + 100
  const columns = source.kind === 'latents' ? metaOf(source, 'latents').codeSize : 1
  if (chosen.id === 'csv') {
    const own = besideOf(item, options)
    const fields = fieldsIn(first, [...own.fields, ...own.columns])
    return rows * (8 + signs * columns + sum(fields.map(({ text }) => text + 1)))
  }
  if (chosen.id === 'png') return rows * 0.6
  if (chosen.id === 'report') return 400_000
  return rows * columns * (source.kind === 'clustering' ? 1 : 4)
}

/** What of the data stands beside results: its names and labels, and what was learned from. */
function besideOf({ dataset }: ExportItem, { beside = 'labels' }: Readonly<Record<string, unknown>>) {
  const { metadataFields = [], columns = [] } = (dataset?.meta ?? {}) as Partial<DatasetMeta>
  return {
    fields: beside === 'nothing' ? [] : metadataFields,
    columns: beside === 'columns' ? columns.map(({ name }) => name) : [],
  }
}
function fieldsIn(first: FirstRows | null, names: readonly string[]): FieldBytes[] {
  const known = first && fieldBytesOf(first)
  return names.map((name) => known?.get(name) ?? unseen)
}

/** Results as numbers of four bytes, names of rows, what stands beside them, and the matrix with what is not zero in it: a number and its column each. */
function annDataBytes(item: ExportItem, options: Readonly<Record<string, unknown>>, first: FirstRows | null): number {
  const { source, beside = [], dataset } = item
  const numbers = [source, ...beside].map((result) => {
    if (result.kind === 'latents') return metaOf(result, 'latents').codeSize + 1
    return result.kind === 'clustering' ? 1 : 2
  })
  const rows = Number(source.meta.rows ?? 0)
  const { matrixBytes = 0, details = {}, kind } = (dataset?.meta ?? {}) as Partial<DatasetMeta>
  const stored = typeof details.storedValues === 'number' ? 8 * details.storedValues : matrixBytes
  const withMatrix = options.matrix !== 'without'
  const own = besideOf(item, options)
  // Columns are in the matrix where that goes along, and of cells nowhere else.
  const fields = fieldsIn(first, [...own.fields, ...(withMatrix || kind === 'cells' ? [] : own.columns)])
  return rows * (24 + 4 * sum(numbers) + sum(fields.map(({ annData }) => annData))) + (withMatrix ? stored : 0)
}
