/**
 * Looks through a whole dataset in one pass and says what a model would stumble over: repeated rows, columns that say nothing or
 * say the same twice, numbers that stand for missing, values missing together, columns that give a label away; of cells their
 * quality, of scenes their bands.
 *
 * Memory: one chunk of rows, two samples of at most 64 MB and 16 MB, and what each part states: at most 122 MB for repeated rows,
 * 12 bytes per cell, 80 bytes per column.
 */
import type { Progress } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ExaminationMeta } from '#common/domain/examination.ts'
import { throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../data/dataset.ts'
import { hashedSides } from '../../data/split/hashed.ts'
import { heldOut } from '../../data/split/sides.ts'
import { RowSample } from '../../data/rowSample.ts'
import { LineTally, noisyBands, saturatedBands } from './bandTally.ts'
import { CellTally } from './cellTally.ts'
import { ColumnTally } from './columnTally.ts'
import { equalColumns, fewestDifferent, linearCopies } from './copies.ts'
import { clusterOrder, columnOf, correlationMatrix } from './correlation.ts'
import { DuplicateRows } from './duplicates.ts'
import { findingsOf } from './findings.ts'
import { type Labels, labelsOf, leakOf } from './leakage.ts'
import { MissingTally } from './missing.ts'
import { sentinelsOf } from './sentinels.ts'

export interface ExamineOptions {
  readonly seed: number
  /** Rows of the sample behind correlations, copies and hints; fewer when columns are so many that it would take over 64 MB. */
  readonly sampleRows: number
  /** A field or column to look for in the others; null for every one with few values. */
  readonly labels: string | null
  readonly holdoutShare: number
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
}

export interface Examination {
  readonly meta: Omit<ExaminationMeta, 'dataset'>
  readonly correlation: Float32Array | null
  readonly cells: Pick<CellTally, 'counts' | 'genes' | 'mitochondrial'> | null
}

const mostSampleBytes = 64e6
export const mostCorrelated = 200
const mostLabelFields = 12
/** Each may cost a pass over the file. */
const mostFieldsTried = 20
/** Rows of the sample that hints are judged on: the area of a curve needs no more. */
const mostHintRows = 5000
const nearConstantFrom = 0.999

type Source = Pick<OpenSource, 'chunks' | 'metadata'>
type Meta = Pick<
  DatasetMeta,
  'kind' | 'rows' | 'validRows' | 'columns' | 'summaries' | 'grid' | 'nodata' | 'metadataFields' | 'labelFields'
>

export async function examineSource(source: Source, meta: Meta, options: ExamineOptions): Promise<Examination> {
  const pass = await readOnce(source, meta, options)
  options.report({ stage: 'Comparing columns', fraction: null })
  const { tally, wide, narrow } = pass
  const { summaries, columns } = meta
  const varies = (j: number): boolean => summaries[j].min !== summaries[j].max
  const constant = summaries.flatMap(({ min, max }, j) => (min !== null && min === max ? [j] : []))
  const nearConstant = meta.kind === 'cells' ? [] : nearlyConstant(wide, columns.length, varies)
  // A column with one value in all but a few rows, such as a gene seen in two cells, equals others by chance.
  const differs = (j: number): boolean =>
    varies(j) && summaries[j].valid - Math.max(tally.atMin[j], tally.atMax[j]) >= Math.min(fewestDifferent, summaries[j].valid / 4)
  const equal = equalColumns(tally.hash, columns.length, differs)
  const repeated = new Set(equal.flatMap(([, ...others]) => others))
  const usable = columns.flatMap(({ type }, j) => (varies(j) && !repeated.has(j) && type !== 'category' && type !== 'text' ? [j] : []))
  const linear = await linearCopies(wide.X, wide.n, columns.length, usable, options.signal)
  const copies = [
    ...equal.map((group) => ({
      columns: group,
      kind: 'equal' as const,
      slope: group.slice(1).map(() => 1),
      intercept: group.slice(1).map(() => 0),
    })),
    ...linear,
  ]
  const compared = await correlate(pass, meta, options.signal)
  const leakage = await leaks(source, meta, wide, options)
  const cells = pass.cells?.result() ?? null
  const bands = meta.grid
    ? {
        dead: constant,
        saturated: saturatedBands(summaries, tally),
        noisy: compared && narrow.columns.length === columns.length ? noisyBands(compared.r, columns.length) : [],
        striped: pass.lines?.striped(summaries) ?? [],
        zeroPixels: meta.nodata.every((value) => value === null) ? pass.zeroRows : 0,
      }
    : null
  const found: Omit<ExaminationMeta, 'dataset' | 'findings'> = {
    datasetKind: meta.kind,
    rows: meta.rows,
    validRows: pass.validRows,
    sampleRows: wide.n,
    duplicates: pass.duplicates.result(options.holdoutShare),
    constant,
    nearConstant,
    copies,
    sentinels: meta.kind === 'cells' ? [] : sentinelsOf(columns, summaries, tally),
    missing: pass.missing.result(),
    correlation: compared && {
      columns: narrow.columns,
      order: compared.order,
      rows: narrow.n,
      of: cells?.values === 'counts' ? 'log-counts' : 'values',
    },
    leakage,
    cells,
    bands,
  }
  return {
    meta: { ...found, findings: findingsOf(found, meta, tally) },
    correlation: compared?.r ?? null,
    cells: pass.cells,
  }
}

interface Sample {
  readonly X: Float32Array
  readonly index: Float64Array
  readonly n: number
}
interface Pass {
  readonly validRows: number
  readonly zeroRows: number
  readonly duplicates: DuplicateRows
  readonly tally: ColumnTally
  readonly missing: MissingTally
  readonly cells: CellTally | null
  readonly lines: LineTally | null
  /** All columns. */
  readonly wide: Sample
  /** The columns that are correlated. */
  readonly narrow: Sample & { readonly columns: number[] }
}

async function readOnce(source: Source, meta: Meta, { seed, sampleRows, holdoutShare, signal, report }: ExamineOptions): Promise<Pass> {
  const { rows, columns, summaries, kind, grid } = meta
  const d = columns.length
  const sideOf = hashedSides(meta, 'random', holdoutShare, seed)
  const duplicates = new DuplicateRows(d, (row) => sideOf(row) === heldOut)
  const tally = new ColumnTally(summaries)
  const missing = new MissingTally(summaries)
  const cells =
    kind === 'cells'
      ? new CellTally(
          rows,
          columns.map(({ name }) => name),
        )
      : null
  const lines = grid ? new LineTally(grid, d) : null
  const chosen = correlatedColumns(meta)
  const wide = new RowSample(Math.max(200, Math.min(sampleRows, Math.floor(mostSampleBytes / (5 * Math.max(1, d))))), d, seed, rows)
  const narrow = new RowSample(sampleRows, chosen.length + 1, seed, rows)
  const scratch = new Float32Array(chosen.length + 1)
  let [validRows, zeroRows] = [0, 0]
  for await (const { start, n, X, valid } of source.chunks({ signal })) {
    throwIfCancelled(signal)
    duplicates.take(start, n, X, valid)
    tally.take(n, X, valid)
    missing.take(n, X, valid)
    cells?.take(start, n, X, valid)
    lines?.take(start, n, X, valid)
    for (let i = 0; i < n; i++) {
      if (valid[i] === 0) continue
      validRows++
      wide.offer(start + i, X, i * d)
      for (let k = 0; k < chosen.length; k++) scratch[k] = X[i * d + chosen[k]]
      // What a count is relative to goes along.
      scratch[chosen.length] = cells?.counts[start + i] ?? 0
      narrow.offer(start + i, scratch, 0)
      if (lines && isZero(X, i * d, d)) zeroRows++
    }
    report({
      stage: 'Looking at every row',
      fraction: Math.min(1, (start + n) / Math.max(1, rows)),
      done: start + n,
      unit: rowNoun[kind][1],
    })
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  return { validRows, zeroRows, duplicates, tally, missing, cells, lines, wide: wide.take(), narrow: { ...narrow.take(), columns: chosen } }
}

function isZero(X: Float32Array, at: number, d: number): boolean {
  for (let j = at; j < at + d; j++) if (X[j] !== 0) return false
  return true
}

/** All columns that vary (genes that at least one cell in fifty has), up to 200: of more, bands evenly over the spectrum, genes by variance over mean, others by spread. */
export function correlatedColumns({ columns, summaries, kind }: Pick<Meta, 'columns' | 'summaries' | 'kind'>): number[] {
  const usable = columns.flatMap(({ type }, j) =>
    type !== 'category' && type !== 'text' && (summaries[j].sd ?? 0) > 0 && (kind !== 'cells' || (summaries[j].p98 ?? 0) !== 0) ? [j] : [],
  )
  if (usable.length <= mostCorrelated) return usable
  if (kind === 'raster') return Array.from({ length: mostCorrelated }, (_, k) => usable[Math.floor((k * usable.length) / mostCorrelated)])
  const weight = (j: number): number => {
    const { sd, mean } = summaries[j]
    return kind === 'cells' ? (sd ?? 0) ** 2 / Math.max(Math.abs(mean ?? 0), 1e-12) : (sd ?? 0)
  }
  return [...usable]
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, mostCorrelated)
    .sort((a, b) => a - b)
}

async function correlate(
  { narrow, cells }: Pass,
  { validRows }: Meta,
  signal: AbortSignal,
): Promise<{ r: Float32Array; order: number[] } | null> {
  const c = narrow.columns.length
  if (c < 2 || narrow.n < 3 || validRows < 3) return null
  const isCounts = cells?.values === 'counts'
  const totals = columnOf(narrow.X, narrow.n, c + 1, c)
  const columns = narrow.columns.map((_, k) => {
    const values = columnOf(narrow.X, narrow.n, c + 1, k)
    return isCounts ? values.map((value, i) => (totals[i] > 0 ? Math.log1p((10_000 * value) / totals[i]) : 0)) : values
  })
  const r = await correlationMatrix(columns, signal)
  return { r, order: clusterOrder(r, c).order }
}

function nearlyConstant({ X, n }: Sample, d: number, varies: (column: number) => boolean): ExaminationMeta['nearConstant'] {
  if (n < 100) return []
  return Array.from({ length: d }, (_, column) => column).flatMap((column) => {
    if (!varies(column)) return []
    const sorted = columnOf(X, n, d, column).sort()
    let [value, most, present] = [Number.NaN, 0, 0]
    for (let from = 0; from < n; ) {
      let to = from + 1
      while (to < n && sorted[to] === sorted[from]) to++
      if (!Number.isNaN(sorted[from])) {
        present += to - from
        if (to - from > most) [value, most] = [sorted[from], to - from]
      }
      from = to
    }
    return present > 0 && most / present >= nearConstantFrom ? [{ column, value, share: most / present }] : []
  })
}

/** Every column against every label: fields that say so, texts and categories with few values. */
async function leaks(
  source: Source,
  meta: Meta,
  wide: Sample,
  { labels, signal, report }: ExamineOptions,
): Promise<ExaminationMeta['leakage']> {
  const { columns, summaries } = meta
  const d = columns.length
  const n = Math.min(wide.n, mostHintRows)
  const fields = await labelFields(source, meta, wide, n, labels)
  const out: ExaminationMeta['leakage'] = []
  for (const [k, field] of fields.entries()) {
    for (let j = 0; j < d; j++) {
      if (j % 256 === 0) {
        throwIfCancelled(signal)
        report({ stage: 'Looking for labels in columns', fraction: (k + j / d) / fields.length })
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
      const { name, type } = columns[j]
      if (name === field.field || type === 'text' || summaries[j].min === summaries[j].max) continue
      const leak = leakOf(j, columnOf(wide.X, n, d, j), type === 'category' || type === 'boolean', field)
      if (leak) out.push(leak)
    }
  }
  return out.sort((a, b) => b.strength - a.strength || a.column - b.column).slice(0, 200)
}

async function labelFields(source: Source, meta: Meta, wide: Sample, n: number, wanted: string | null): Promise<Labels[]> {
  const { columns, metadataFields, labelFields = [] } = meta
  const out: Labels[] = []
  const fields = wanted === null ? [...new Set([...labelFields, ...metadataFields])] : metadataFields.filter((field) => field === wanted)
  for (const field of source.metadata ? fields.slice(0, mostFieldsTried) : []) {
    if (out.length === mostLabelFields) break
    const values = await source.metadata!(field)
    const labels = labelsOf(
      field,
      Array.from(wide.index.subarray(0, n), (row) => values[row] ?? null),
    )
    if (labels) out.push(labels)
  }
  for (const [j, { name, type, categories }] of columns.entries()) {
    if (out.length === mostLabelFields) break
    if (wanted === null ? type !== 'category' : name !== wanted) continue
    const values = Array.from(columnOf(wide.X, n, columns.length, j), (value) =>
      Number.isNaN(value) ? null : (categories?.[value] ?? value),
    )
    const labels = labelsOf(name, values)
    if (labels) out.push(labels)
  }
  return out
}
