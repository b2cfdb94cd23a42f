/**
 * Results of a dataset as one AnnData file (.h5ad) for scanpy: rows are obs, columns of the data var. Codes behind a result go along by
 * themselves. Values of X are float32, as everywhere here. Memory: a block of rows of each result, what source.ts says, and chunks on
 * their way (hdf5/file.ts): it does not grow with rows but for 8 bytes a cell, nor with columns but for their names.
 */
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { type Column, rowNoun } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { OpenSource } from '../../../data/dataset.ts'
import { openDataset } from '../../../data/import.ts'
import { openSelection } from '../../../data/selection.ts'
import { array, annData, dataframe } from '../../../export/h5ad/elements.ts'
import { Keys } from '../../../export/h5ad/keys.ts'
import { createHdf5, type H5Output } from '../../../export/hdf5/file.ts'
import type { GroupNode, H5Node } from '../../../export/hdf5/objects.ts'
import type { ExportedFile } from '../../../export/outputFile.ts'
import type { Context, Subject } from '../subject.ts'
import { type KeptRows, keptIn, type Pass } from './keep.ts'
import { provenance } from './provenance.ts'
import { type ResultWriter, resultWriter, type RowsTold } from './results.ts'
import { barcodeFieldOf, inMatrix, writeColumns, writeFields, writeMatrix, writeVariables } from './source.ts'

/** What can stand in such a file. */
export const annDataKinds: readonly ArtifactKind[] = ['clustering', 'scores', 'latents', 'embedding2d']
/** Inputs beside the first: other results of the same rows. */
export const besideRoles: readonly string[] = Array.from({ length: 23 }, (_, i) => `with${i + 1}`)

const gzipLevel = 4
const rowsAtOnce = 1 << 16
const numbersAtOnce = 1 << 20

/** @throws PARAMETER_INVALID for results of other data; SOURCE_MISSING where the data's own names or values are wanted and gone */
export async function annDataFile(ctx: Context, subject: Subject): Promise<ExportedFile[]> {
  const { path } = subject
  const results = resultsOf(ctx, subject)
  const selected = ctx.params.within && openSelection(ctx.project, ctx.params.within, subject.dataset.id)
  const source = needsSource(ctx, subject) ? await openDataset(subject.data, ctx.project.path, ctx.signal) : null
  try {
    const out = await createHdf5(path, levelOf(ctx))
    try {
      const root = await contentOf(ctx, subject, { out, source, results, kept: (from, to) => keptIn(selected, from, to) })
      throwIfCancelled(ctx.signal)
      return [{ path, sizeBytes: await out.finish(root), what: 'AnnData file' }]
    } catch (thrown) {
      await out.abort()
      throw thrown
    }
  } finally {
    await source?.close()
  }
}

function levelOf({ params: { compression } }: Context): number | null {
  if (compression !== 'lzw') return compression === 'none' ? null : gzipLevel
  throw new StratumError('PARAMETER_INVALID', 'An AnnData file cannot be compressed with LZW.', 'Choose DEFLATE or none.', {
    parameter: 'compression',
  })
}

/** Each once, in the order in which it was asked for, with the codes that the others are made of. */
function resultsOf({ project, inputs }: Context, { artifact, dataset }: Subject): Artifact[] {
  const asked = [artifact, ...besideRoles.flatMap((role) => inputs[role] ?? [])]
  for (const { id, name, meta } of asked)
    if (meta.dataset !== dataset.id)
      throw new StratumError(
        'PARAMETER_INVALID',
        `“${name}” says nothing of the rows of “${dataset.name}”.`,
        'One file holds results of one dataset: write the others into another file.',
        { artifact: id },
      )
  const behind = asked.flatMap(({ meta }) => (typeof meta.latents === 'number' ? [project.artifact(meta.latents)] : []))
  const all = [...asked, ...behind.filter(({ meta }) => meta.dataset === dataset.id)]
  return all.filter(({ id }, i) => all.findIndex((other) => other.id === id) === i)
}

/** Rows of a table are numbered, and need no file for that. */
const needsSource = ({ params }: Context, { data }: Subject): boolean =>
  params.matrix === 'with' ||
  barcodeFieldOf(data) !== null ||
  params.beside === 'columns' ||
  (params.beside === 'labels' && data.metadataFields.length > 0)

interface Parts {
  readonly out: H5Output
  readonly source: OpenSource | null
  readonly results: readonly Artifact[]
  readonly kept: KeptRows
}

async function contentOf(ctx: Context, { dataset, data }: Subject, { out, source, results, kept }: Parts): Promise<GroupNode> {
  const { project, params, signal } = ctx
  const obsKeys = new Keys()
  const obsmKeys = new Keys()
  const writers = results.map((artifact) => resultWriter(artifact, { project, out, obsKeys, obsmKeys }))
  const stage = (name: string, from: number, to: number): Pass => ({
    kept,
    signal,
    report: (done: number) =>
      ctx.report({ stage: name, fraction: from + done * (to - from), done: Math.round(done * data.rows), unit: rowNoun[data.kind][1] }),
  })
  const told = await writeResults(writers, data.rows, stage('Writing results', 0, 0.2))

  const barcodes = barcodeFieldOf(data)
  const fields = params.beside === 'nothing' ? [] : data.metadataFields.filter((name) => name !== barcodes)
  const obs = await writeFields(out, source, data, fields, obsKeys, stage('Writing names and labels', 0.2, 0.4))
  if (obs.repeated > 0) ctx.log('warning', repeatedNames(obs.repeated))
  const { inX, inObs, variables } = columnPlaces(params, data)
  const own = inObs.length > 0 && source ? await writeColumns(out, source, inObs, obsKeys, stage('Writing columns', 0.4, 0.5)) : []
  const X = inX.length > 0 && source ? await writeMatrix(out, source, inX, stage('Writing the matrix', 0.5, 1)) : null
  return annData({
    X,
    obs: dataframe(obs.index, [
      ...obs.columns,
      ...own,
      ...(await placeColumns(ctx, data.grid, out, obsKeys, kept, data.rows)),
      ...told.flatMap((one) => one.obs),
    ]),
    var: await writeVariables(out, source, data, variables),
    obsm: merged(told.map(({ obsm }) => obsm)),
    uns: {
      ...merged(told.map(({ uns }) => uns)),
      stratum: await provenance(
        out,
        project,
        dataset,
        told.map((one, i) => ({ artifact: results[i], places: placesOf(one) })),
        { written: obs.rows, of: data.rows },
      ),
    },
  })
}

const repeatedNames = (repeated: number): string =>
  `${repeated === 1 ? 'One name of a row occurs' : `${repeated} names of rows occur`} more than once. They are written as they are, and anndata says so when it opens the file; adata.obs_names_make_unique() tells them apart.`

/** Positions of the columns of the data that are X, that are told of rows in obs, and that var lists: all that could be X. */
interface ColumnPlaces {
  readonly inX: readonly number[]
  readonly inObs: readonly number[]
  readonly variables: readonly number[]
}

function columnPlaces({ beside, matrix }: Context['params'], { kind, columns }: Subject['data']): ColumnPlaces {
  const where = (holds: (column: Column) => boolean): number[] => columns.flatMap((column, j) => (holds(column) ? [j] : []))
  const variables = where(inMatrix)
  const inX = matrix === 'with' ? variables : []
  if (kind === 'cells' || beside === 'nothing') return { inX, inObs: [], variables }
  // Of data that go along, categories and dates stand in obs, for they cannot stand in X.
  const inObs = beside === 'columns' && inX.length === 0 ? columns.map((_, j) => j) : where((column) => !inMatrix(column))
  return { inX, inObs: beside === 'columns' || matrix === 'with' ? inObs : [], variables }
}

const merged = (parts: readonly Readonly<Record<string, H5Node>>[]): Record<string, H5Node> => Object.assign({}, ...parts)

const placesOf = ({ obs, obsm, uns }: RowsTold): string[] => [
  ...obs.map(([key]) => `obs/${key}`),
  ...Object.keys(obsm).map((key) => `obsm/${key}`),
  ...Object.keys(uns).map((key) => `uns/${key}`),
]

async function writeResults(writers: readonly ResultWriter[], rows: number, { kept, signal, report }: Pass): Promise<RowsTold[]> {
  const widest = Math.max(...writers.map(({ width }) => width))
  const atOnce = Math.max(1, Math.min(rowsAtOnce, Math.floor(numbersAtOnce / widest)))
  for (let from = 0; from < rows; from += atOnce) {
    throwIfCancelled(signal)
    const to = Math.min(rows, from + atOnce)
    const inside = kept(from, to)
    for (const writer of writers) await writer.append(from, to, inside)
    report(to / rows)
    // Reading is synchronous: let cancelling and other calls through.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  const told: RowsTold[] = []
  for (const writer of writers) told.push(await writer.finish())
  return told
}

/** Where a pixel lies on the grid, as in tables. */
async function placeColumns(
  { signal }: Context,
  grid: Subject['data']['grid'],
  out: H5Output,
  keys: Keys,
  kept: KeptRows,
  rows: number,
): Promise<[key: string, node: H5Node][]> {
  if (grid === null) return []
  const [column, line] = [out.array('int32'), out.array('int32')]
  for (let from = 0; from < rows; from += rowsAtOnce) {
    throwIfCancelled(signal)
    const to = Math.min(rows, from + rowsAtOnce)
    const inside = kept(from, to)
    const inBlock = Int32Array.from({ length: to - from }, (_, i) => i).filter((i) => inside === null || inside[i] === 1)
    await column.append(inBlock.map((i) => (from + i) % grid.width))
    await line.append(inBlock.map((i) => Math.floor((from + i) / grid.width)))
  }
  return [
    [keys.take('column', (key) => `pixel_${key}`), array(await column.finish())],
    [keys.take('line', (key) => `pixel_${key}`), array(await line.finish())],
  ]
}
