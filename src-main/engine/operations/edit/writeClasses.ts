/**
 * The labels of a clustering made from another one, with sizes, profiles, centres and figures of the new classes.
 * Memory: a block of labels and of codes (4 MB), the drawn rows that profiles come from, and some numbers per class.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { Grid } from '#common/domain/grid.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ClusterSummary, ClusteringMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { squaredDistance } from '../../analysis/distance.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import { atPace, createPace } from '../../analysis/pace.ts'
import { rowDraw } from '../../analysis/sampleRows.ts'
import type { ArrayReader } from '../../project/project.ts'
import type { OperationContext } from '../define.ts'
import { classProfileSteps, drawnRowsSteps, LabelPicker } from '../profiles.ts'

type Context = Pick<OperationContext<unknown>, 'project' | 'draft' | 'signal' | 'seed'>

/** Takes labels in ascending order of rows and writes them; `finish` says what the classes are. */
export interface ClassWriter {
  append(labels: Uint16Array): void
  finish(): Promise<ClusterSummary[]>
}

/** @param wanted the classes there can be, ids from 1 without gaps */
export async function createClassWriter(
  { project, draft, signal }: Pick<Context, 'project' | 'draft' | 'signal'>,
  meta: ClusteringMeta,
  wanted: readonly Pick<ClusterSummary, 'id' | 'isNoise'>[],
): Promise<ClassWriter> {
  const pace = createPace(signal)
  const writer = draft.writeArray('labels', { dtype: 'uint16', shape: [meta.rows] })
  const model = project.artifact((project.artifact(meta.latents).meta as unknown as LatentsMeta).model).meta as unknown as ModelMeta
  const drawn = meta.dataset === model.dataset ? await atPace(drawnRowsSteps(project, model.matrix), pace) : null
  const picker = new LabelPicker(drawn?.index ?? new Float64Array(0))
  const sizes = new Float64Array(wanted.length + 1)
  let written = 0
  return {
    append(labels) {
      for (const label of labels) sizes[label]++
      picker.see(written, labels)
      writer.append(labels)
      written += labels.length
    },
    async finish() {
      writer.finish()
      const profiles = drawn ? await atPace(classProfileSteps(drawn, picker.labels, wanted.length), pace) : null
      return wanted.map(({ id, isNoise }) => ({
        id,
        rows: sizes[id],
        share: sizes[id] / Math.max(1, meta.validRows),
        ...(profiles?.[id - 1] ?? { mean: [], sd: [] }),
        ...(isNoise && { isNoise }),
      }))
    },
  }
}

/** The grid of the scene that classes are of. @throws ARTIFACT_KIND where there is none */
export function gridOfClasses({ project }: Pick<Context, 'project'>, clustering: Artifact): Grid {
  const { dataset } = clustering.meta as unknown as ClusteringMeta
  const { grid } = project.artifact(dataset).meta as unknown as DatasetMeta
  if (grid) return grid
  throw new StratumError(
    'ARTIFACT_KIND',
    'Only the classes of a scene lie beside one another.',
    'Choose a clustering of a raster dataset.',
    { artifact: clustering.id },
  )
}

/** Labels of the new clustering for rows from … to − 1; asked for twice. */
type LabelsOf = (from: number, to: number) => Uint16Array

interface Edit {
  readonly labelsOf: LabelsOf
  /** Classes without noise, which comes after them. */
  readonly k: number
  readonly hasNoise: boolean
  /** [k] centres taken over, null for classes that are new: their mean is taken. */
  readonly centres: readonly (Float32Array | null)[]
  readonly report: (fraction: number, rows: number) => void
}

export interface Edited {
  readonly classes: ClusterSummary[]
  readonly inertia: number
  readonly silhouette: number | null
}

const mostBlockBytes = 1 << 20
const silhouetteRows = 2000

/** Writes labels and centres, and finds the figures that changed. */
export async function writeEditedClasses(ctx: Context, meta: ClusteringMeta, edit: Edit): Promise<Edited> {
  const { labelsOf, k, hasNoise, report } = edit
  const codes = ctx.project.array(meta.latents, 'codes')
  const Z = codes.shape[1]
  const ids = Array.from({ length: k + (hasNoise ? 1 : 0) }, (_, i) => ({ id: i + 1, ...(i === k && { isNoise: true }) }))
  const writer = await createClassWriter(ctx, meta, ids)
  const sums = new Float64Array(k * Z)
  const sizes = new Float64Array(k)
  const isDrawn = rowDraw(ctx.seed, silhouetteRows / Math.max(1, meta.validRows))
  const drawn: { readonly code: Float32Array; readonly label: number }[] = []
  await eachBlock(ctx, codes, (from, block, n) => {
    const labels = labelsOf(from, from + n)
    writer.append(labels)
    for (let i = 0; i < n; i++) {
      const c = labels[i] - 1
      if (c < 0 || c >= k) continue
      sizes[c]++
      for (let j = 0; j < Z; j++) sums[c * Z + j] += block[i * Z + j]
      if (isDrawn(from + i)) drawn.push({ code: block.slice(i * Z, (i + 1) * Z), label: c })
    }
    report(((from + n) / meta.rows) * 0.6, from + n)
  })
  const classes = await writer.finish()

  const centres = new Float32Array(k * Z)
  for (let c = 0; c < k; c++) {
    const mean = edit.centres[c] ?? Float32Array.from(sums.subarray(c * Z, (c + 1) * Z), (sum) => sum / Math.max(1, sizes[c]))
    centres.set(mean, c * Z)
  }
  const centreWriter = ctx.draft.writeArray('centres', { dtype: 'float32', shape: [k, Z] })
  centreWriter.append(centres)
  centreWriter.finish()

  const exact = Float64Array.from(centres)
  let inertia = 0
  await eachBlock(ctx, codes, (from, block, n) => {
    const labels = labelsOf(from, from + n)
    for (let i = 0; i < n; i++) {
      const c = labels[i] - 1
      if (c >= 0 && c < k) inertia += squaredDistance(block, i * Z, exact, c * Z, Z)
    }
    report(0.6 + ((from + n) / meta.rows) * 0.4, from + n)
  })
  const X = new Float32Array(drawn.length * Z)
  for (const [i, { code }] of drawn.entries()) X.set(code, i * Z)
  const labels = drawn.map(({ label }) => label)
  const { seed, signal } = ctx
  return { classes, inertia, silhouette: k < 2 ? null : await silhouette(X, drawn.length, Z, labels, k, { seed, signal }) }
}

async function eachBlock(
  { signal }: Context,
  codes: ArrayReader,
  visit: (from: number, block: Float32Array, n: number) => void,
): Promise<void> {
  const [rows, Z] = codes.shape
  const perRead = Math.max(1, Math.floor(mostBlockBytes / (Z * 4)))
  for (let from = 0; from < rows; from += perRead) {
    throwIfCancelled(signal)
    const to = Math.min(rows, from + perRead)
    visit(from, codes.read(from, to) as Float32Array, to - from)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Rows of a dataset in the words of its kind. */
export const nounOf = ({ project }: Pick<Context, 'project'>, { dataset }: ClusteringMeta): string =>
  rowNoun[(project.artifact(dataset).meta as unknown as DatasetMeta).kind][1]

/** The centre of each class as stored; a map that was tidied has those of the map it was made from. */
export function storedCentres({ project }: Pick<Context, 'project'>, clustering: number): ReadonlyMap<number, Float32Array> {
  const artifact = project.artifact(clustering)
  const { k } = artifact.meta as unknown as ClusteringMeta
  if (artifact.arrays.some(({ name }) => name === 'centres')) {
    const centres = project.array(clustering, 'centres')
    return new Map(Array.from({ length: k }, (_, c) => [c + 1, centres.read(c, c + 1) as Float32Array]))
  }
  const { clustering: before } = artifact.inputs
  // Regions that became classes have no centre of their own.
  return before === undefined || artifact.params.separate === true ? new Map() : storedCentres({ project }, before)
}
