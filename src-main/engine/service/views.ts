/**
 * The read-only calls behind the views: windows of rasters and maps, table pages, spectra, scatter samples.
 * Each reads only what its answer needs. Sources and encoders stay open between calls, a few at a time.
 */
import { availableParallelism } from 'node:os'
import type { z } from 'zod'
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls, RasterWindow } from '#common/contract/engine.ts'
import { StratumError } from '#common/errors.ts'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { Grid } from '#common/domain/grid.ts'
import { type LatentsMeta, type MatrixMeta, sourcesOf } from '#common/domain/results.ts'
import type { OpenSource } from '../data/dataset.ts'
import { parseTime } from '../data/fields.ts'
import { openDataset } from '../data/import.ts'
import type { RowFacts } from '../data/pipeline/define.ts'
import { invertPipeline } from '../data/pipeline/pipeline.ts'
import { openReplay, type Replay } from '../data/pipeline/replay.ts'
import { openTrainedModel, pcaReconstruction, type TrainedModel } from '../operations/trainedModel.ts'
import { finishedArtifact, ofDataset } from '../project/finished.ts'
import type { ArrayReader, Project } from '../project/project.ts'
import { OpenCache } from './openCache.ts'
import { readAt } from './readAt.ts'
import { sampleValidRows } from '../analysis/sampleRows.ts'

/** Numbers of codes in one answer: 64 MB, which a window takes in one go. */
const mostSentValues = 2 ** 24
/** Rows that are read along with two that are wanted, rather than in two reads. */
const mostBetween = 64

type ViewCalls = Pick<EngineCalls, 'readRaster' | 'readMap' | 'readRows' | 'readSpectrum' | 'sampleLatents' | 'readPixel'>

type ShownRows = z.output<EngineCalls['readRows']['output']>

export interface Views extends Handlers<ViewCalls> {
  /** Closes the source of a dataset, which may be elsewhere now. */
  forget(dataset: number): Promise<void>
  /** The values of a row of a dataset, one for each of its columns; NaN where missing. */
  rowValues(dataset: number, row: number): Promise<number[]>
  /** Rows by number, rising, as `readRows` shows them. */
  previewRows(dataset: number, numbers: ArrayLike<number>, columns: number): Promise<Pick<ShownRows, 'names' | 'rows'>>
  /** One row of a dataset as a model takes it, and what the way back needs. */
  preparedRow(dataset: number, row: number, matrix: MatrixMeta): Promise<{ X: Float32Array; facts: RowFacts }>
  /** Closes every open source and encoder; call it when the project closes. */
  dispose(): Promise<void>
}

export function createViews(session: { project(): Project }): Views {
  const sources = new OpenCache<OpenSource>(4)
  const models = new OpenCache<TrainedModel>(2)

  const artifactOf = (id: number, ...kinds: ArtifactKind[]): Artifact => finishedArtifact(session.project(), id, ...kinds)
  /** An array of one number a row, of a result of the same dataset. */
  function arrayOf(id: number, kind: ArtifactKind, array: string, dataset: number): ArrayReader {
    ofDataset(artifactOf(id, kind), artifactOf(dataset, 'dataset'))
    return session.project().array(id, array)
  }
  const metaOf = (dataset: number): DatasetMeta => artifactOf(dataset, 'dataset').meta as unknown as DatasetMeta
  const gridOf = (dataset: number): Grid => {
    const { grid } = metaOf(dataset)
    if (grid) return grid
    throw new StratumError('ARTIFACT_KIND', 'This dataset is not a scene; it has no grid.', 'Choose a raster dataset.', {
      artifact: dataset,
    })
  }
  const sourceOf = (dataset: number): Promise<OpenSource> =>
    sources.open(
      dataset,
      () => openDataset(metaOf(dataset), session.project().path),
      (source) => source.close(),
    )
  const modelOf = (model: number): Promise<TrainedModel> =>
    models.open(
      model,
      () => openTrainedModel(session.project(), artifactOf(model, 'model'), Math.max(1, availableParallelism() - 1)),
      (trained) => trained.encoder.close(),
    )

  // Some read a field of every row, so they are kept as long as what asked for them.
  let replays = new WeakMap<MatrixMeta, Map<number, Promise<Replay>>>()
  function replayOf(dataset: number, matrix: MatrixMeta): Promise<Replay> {
    const known = replays.get(matrix) ?? new Map<number, Promise<Replay>>()
    replays.set(matrix, known)
    const opening =
      known.get(dataset) ??
      sourceOf(dataset).then((source) => openReplay(matrix, { ...artifactOf(dataset, 'dataset'), meta: metaOf(dataset) }, source))
    known.set(dataset, opening)
    opening.catch(() => known.delete(dataset)) // tried again when it is asked for again
    return opening
  }

  /** The values of a row of a dataset, one for each of its columns. */
  async function valuesOf(dataset: number, row: number, radius: number): Promise<number[]> {
    const meta = metaOf(dataset)
    const source = await sourceOf(dataset)
    return meta.grid ? meanPixel(source, meta.grid, meta.columns.length, row, radius) : numericRow(source, row, meta)
  }
  async function prepared(values: readonly number[], dataset: number, row: number, matrix: MatrixMeta) {
    const replay = await replayOf(dataset, matrix)
    const facts: RowFacts = { groups: replay.groupsOf(row, 1), divisors: new Map() }
    const read = Float32Array.from(replay.columns, (column) => values[column])
    return { X: replay.prepare(read, 1, row, undefined, facts), facts }
  }
  const preparedRow: Views['preparedRow'] = async (dataset, row, matrix) => prepared(await valuesOf(dataset, row, 0), dataset, row, matrix)

  return {
    async readRaster({ dataset, bands, window }) {
      const source = await sourceOf(dataset)
      checkWindow(gridOf(dataset), window)
      if (!source.readWindow)
        throw new StratumError('ARTIFACT_KIND', 'This dataset is not a scene; it has no pixels to show.', 'Choose a raster dataset.', {
          artifact: dataset,
        })
      return { values: await source.readWindow(bands, window) }
    },

    async readMap({ artifact, window }) {
      const result = artifactOf(artifact, 'clustering', 'scores')
      const grid = gridOf((result.meta as { dataset: number }).dataset)
      checkWindow(grid, window)
      const reader = session.project().array(artifact, result.kind === 'clustering' ? 'labels' : 'score')
      return { values: readGridWindow(reader, grid, window) }
    },

    async readRows({ dataset, offset, limit, columns }) {
      const meta = metaOf(dataset)
      return { ...(await (await sourceOf(dataset)).preview(offset, limit, columns)), total: meta.rows }
    },

    async readSpectrum({ dataset, row, radius, model }) {
      const meta = metaOf(dataset)
      const values = await valuesOf(dataset, row, radius)
      if (model === undefined) return { values: values.map(finiteOrNull), reconstruction: null, pca: null }
      const { matrix, encoder } = await modelOf(model)
      const { X, facts } = await prepared(values, dataset, row, matrix)
      const given = sourcesOf(matrix)
      const rebuilt = X.subarray(0, X.length - (matrix.conditions ?? 0))
      const inColumns = (prepared: Float32Array): (number | null)[] => {
        const back = invertPipeline(matrix.steps, prepared, 1, prepared.length, facts)
        // Of columns with the same name the first.
        const byName = new Map(given.map(({ name }, i) => [name, back[i]] as const).reverse())
        return meta.columns.map(({ name }) => finiteOrNull(byName.get(name) ?? Number.NaN))
      }
      return {
        values: values.map(finiteOrNull),
        pca: inColumns(pcaReconstruction(session.project(), artifactOf(model, 'model'), rebuilt, encoder.scale)),
        reconstruction: inColumns(await encoder.reconstruct(X, 1)),
      }
    },

    async sampleLatents({ latents, count, clustering, scores }) {
      const meta = artifactOf(latents, 'latents').meta as unknown as LatentsMeta
      const project = session.project()
      const codes = project.array(latents, 'codes')
      const drawn = Math.min(count, Math.ceil(mostSentValues / meta.codeSize))
      const sample = await sampleValidRows(codes, meta.rows, meta.validRows, meta.codeSize, drawn, 1)
      const pick = (id: number, kind: ArtifactKind, array: string) => readAt(arrayOf(id, kind, array, meta.dataset), sample.rows)
      return {
        n: sample.rows.length,
        codeSize: meta.codeSize,
        codes: sample.codes,
        rows: sample.rows,
        labels: clustering === undefined ? null : Uint16Array.from(pick(clustering, 'clustering', 'labels')),
        scores: scores === undefined ? null : Float32Array.from(pick(scores, 'scores', 'score')),
      }
    },

    async readPixel({ dataset, x, y, clustering, scores }) {
      const grid = gridOf(dataset)
      const row = y * grid.width + x
      const columns = metaOf(dataset).columns.length
      const inside = x < grid.width && y < grid.height
      if (!inside)
        throw new StratumError(
          'PARAMETER_INVALID',
          `Pixel ${x}, ${y} lies outside the scene of ${grid.width} × ${grid.height}.`,
          'Choose a pixel inside the scene.',
        )
      const values = await meanPixel(await sourceOf(dataset), grid, columns, row, 0)
      const valueHere = (id: number, kind: ArtifactKind, array: string): number => arrayOf(id, kind, array, dataset).read(row, row + 1)[0]
      const label = clustering === undefined ? null : valueHere(clustering, 'clustering', 'labels')
      const score = scores === undefined ? null : finiteOrNull(valueHere(scores, 'scores', 'score'))
      return { row, label: label === 0 ? null : label, score, values: values.map(finiteOrNull) }
    },

    rowValues: (dataset, row) => valuesOf(dataset, row, 0),
    previewRows: async (dataset, numbers, columns) => rowsAt(await sourceOf(dataset), numbers, columns),
    preparedRow,
    forget(dataset) {
      replays = new WeakMap()
      return sources.drop(dataset)
    },
    async dispose() {
      replays = new WeakMap()
      await sources.clear()
      await models.clear()
    },
  }
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null)

export function checkWindow(grid: Grid, { x, y, width, height }: RasterWindow): void {
  if (x + width <= grid.width && y + height <= grid.height) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `The window ${x}, ${y} + ${width} × ${height} reaches beyond the scene of ${grid.width} × ${grid.height}.`,
    'Ask for a window inside the scene.',
    { parameter: 'window' },
  )
}

/** Nearest neighbour from a per-pixel array stored row by row. Reads each needed scan line once. Memory: the result and one line. */
export function readGridWindow(
  reader: ArrayReader,
  grid: Grid,
  { x, y, width, height, outWidth, outHeight }: RasterWindow,
): Uint16Array | Float32Array {
  const out = reader.dtype === 'uint16' ? new Uint16Array(outWidth * outHeight) : new Float32Array(outWidth * outHeight)
  const column = Uint32Array.from({ length: outWidth }, (_, i) => Math.floor(((i + 0.5) * width) / outWidth))
  for (let r = 0; r < outHeight; r++) {
    const line = (y + Math.floor(((r + 0.5) * height) / outHeight)) * grid.width
    const values = reader.read(line + x, line + x + width)
    for (let i = 0; i < outWidth; i++) out[r * outWidth + i] = values[column[i]]
  }
  return out
}

/** Mean over a square around a pixel, no-data left out. */
async function meanPixel(source: OpenSource, grid: Grid, columns: number, row: number, radius: number): Promise<number[]> {
  if (!source.readWindow || row >= grid.width * grid.height)
    throw new StratumError('PARAMETER_INVALID', `There is no pixel number ${row}.`, 'Choose a pixel inside the scene.')
  const x = row % grid.width
  const y = Math.floor(row / grid.width)
  const x0 = Math.max(0, x - radius)
  const y0 = Math.max(0, y - radius)
  const width = Math.min(grid.width, x + radius + 1) - x0
  const height = Math.min(grid.height, y + radius + 1) - y0
  const bands = Array.from({ length: columns }, (_, i) => i)
  const values = await source.readWindow(bands, { x: x0, y: y0, width, height, outWidth: width, outHeight: height })
  const area = width * height
  return bands.map((b) => {
    const present = values.subarray(b * area, (b + 1) * area).filter((v) => !Number.isNaN(v))
    return present.length ? present.reduce((a, v) => a + v, 0) / present.length : Number.NaN
  })
}

/** Rows that lie close together are read in one go; what lies between them is left out. */
async function rowsAt(source: OpenSource, numbers: ArrayLike<number>, columns: number): Promise<Pick<ShownRows, 'names' | 'rows'>> {
  if (numbers.length === 0) return source.preview(0, 0, columns)
  const rows: ShownRows['rows'] = []
  let names: string[] = []
  for (let i = 0; i < numbers.length; ) {
    let last = i
    while (last + 1 < numbers.length && numbers[last + 1] - numbers[last] <= mostBetween) last++
    const read = await source.preview(numbers[i], numbers[last] + 1 - numbers[i], columns)
    names = read.names
    for (const first = numbers[i]; i <= last; i++) rows.push(read.rows[numbers[i] - first] ?? [])
  }
  return { names, rows }
}

/** The columns of one row of a table, cells or embedding, as chunks give them. */
async function numericRow(source: OpenSource, row: number, meta: DatasetMeta): Promise<number[]> {
  const { names, rows } = await source.preview(row, 1, meta.columns.length + meta.metadataFields.length)
  const first = rows[0]
  if (!first) throw new StratumError('PARAMETER_INVALID', `There is no row number ${row}.`, 'Choose a row of the dataset.')
  return meta.columns.map((column) => {
    const value = first[names.indexOf(column.name)] ?? null
    if (typeof value === 'boolean') return Number(value)
    if (typeof value !== 'string') return value ?? Number.NaN
    if (column.type === 'date') return parseTime(value) / 86_400_000
    const position = column.categories?.indexOf(value) ?? -1
    return position < 0 ? Number.NaN : position
  })
}
