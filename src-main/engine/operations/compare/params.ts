/** What a user may say of a comparison, and the models that follow from it. */
import { z } from 'zod'
import type { Artifact } from '#common/domain/artifact.ts'
import type { MatrixMeta, ModelMeta } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'
import { buildFor } from '../../models/build.ts'
import type { ModelDefinition } from '../../models/define.ts'
import { modelById } from '../../models/registry.ts'
import { regionParam } from '../region.ts'
import { resolveSettings, settingsFor } from '../modelSettings.ts'

const Candidate = z.union([
  z.string().min(1),
  z.strictObject({
    model: z.string(),
    preset: z.string().nullable().default(null),
    settings: z.record(z.string(), z.unknown()).default({}),
    name: z.string().min(1).max(100).optional(),
  }),
])
export type Candidate = z.output<typeof Candidate>

/** Of more columns k-means takes longer than most models. */
export const mostColumns = 512

const baselines = { group: 'Baselines', advanced: true }

export const compareParams = z.object({
  models: z.array(Candidate).max(40).default([]).meta({
    title: 'Models',
    description:
      'Each a model, or model/preset, or {model, preset, settings, name}; trained with every seed. Finished models may be given as inputs instead.',
  }),
  seeds: z.array(z.int().nonnegative()).min(1).max(50).default([1, 2, 3]).meta({
    title: 'Seeds',
    description: 'Each model is trained and clustered once with each; the spread over them is what a difference is judged against.',
  }),
  k: z.int().min(2).max(255).nullable().default(null).meta({
    title: 'Clusters, k',
    description: 'The same for all. Left empty, it is chosen as said below.',
  }),
  kFrom: z
    .enum(['elbow', 'labels'])
    .default('elbow')
    .meta({
      title: 'Without k',
      labels: { elbow: 'Elbow of the error', labels: 'As many as labels' },
      description:
        'The elbow is looked for in the reference space, without labels. To take as many clusters as there are labelled classes uses the labels, and the result says so.',
      advanced: true,
    }),
  labels: z.string().min(1).nullable().default(null).meta({
    title: 'Labels',
    description: 'A field of the dataset, a single-band raster on the same grid, or a file of polygons or points; only for judging.',
  }),
  field: z.string().nullable().default(null).meta({
    title: 'Field of the polygons',
    description: 'Attribute of the polygons that names their class; by default one called class, label, type or the like.',
    advanced: true,
  }),
  ignore: z.array(z.string()).default(['0']).meta({
    title: 'Leave out',
    description: 'Label values that mean “not labelled”.',
    advanced: true,
  }),
  spaces: z
    .array(z.enum(['codes', 'decoded']))
    .min(1)
    .default(['codes'])
    .meta({
      title: 'Cluster',
      description: 'Cluster the codes, the decoded rows (reduced by PCA), or both, each as a row of the comparison.',
      advanced: true,
    }),
  pca: z
    .array(z.int().min(1).max(4096))
    .nullable()
    .default(null)
    .meta({
      title: 'Components of PCA',
      description: 'PCA is always among what is compared. Left empty: with as many components as the models have numbers in their codes.',
      ...baselines,
    }),
  columns: z
    .boolean()
    .nullable()
    .default(null)
    .meta({
      title: 'The columns themselves',
      description: 'k-means of the prepared columns, without any model. Left empty: only up to 512 columns, because more take minutes.',
      ...baselines,
    }),
  referenceColumns: z.int().min(2).max(512).default(20).meta({
    title: 'Reference space',
    unit: 'components',
    description:
      'Validity of all classes is measured in the same space: the prepared columns, reduced by PCA where they are more than this.',
    advanced: true,
  }),
  nInit: z.int().min(1).max(100).default(10).meta({
    title: 'Starts',
    description: 'Starts of k-means; the best is kept.',
    paperTerm: 'n_init',
    advanced: true,
  }),
  region: regionParam('compares'),
})
export type CompareParams = z.output<typeof compareParams>

/** A model with its settings, and with which seeds it is there. */
export interface Contender {
  readonly name: string
  readonly definition: ModelDefinition
  readonly preset: string | null
  /** As typed: what the training's key holds. */
  readonly settings: Readonly<Record<string, unknown>>
  /** With preset and defaults. */
  readonly resolved: Readonly<Record<string, unknown>>
  readonly isBaseline: boolean
  readonly seeds: readonly number[]
  /** Finished models by seed; the others are trained. */
  readonly finished: ReadonlyMap<number, Artifact>
}

const parsed = (candidate: Candidate): Exclude<Candidate, string> => {
  if (typeof candidate !== 'string') return candidate
  const [model, preset = null] = candidate.split('/')
  return { model, preset, settings: {} }
}

const byName = new Intl.Collator('en')
const written = (value: unknown): string =>
  JSON.stringify(value, (_, it: unknown) =>
    typeof it === 'object' && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([a], [b]) => byName.compare(a, b)))
      : it,
  )

/** Those asked for. @throws UNKNOWN_MODEL, PARAMETER_INVALID */
export function contendersOf({ models, seeds }: Pick<CompareParams, 'models' | 'seeds'>): Contender[] {
  return models.map(parsed).map(({ model, preset, settings, name }) => {
    const definition = modelById(model)
    const resolved = resolveSettings(definition, preset, settings)
    return {
      name: name ?? nameOf(definition, preset),
      definition,
      preset,
      settings,
      resolved,
      isBaseline: false,
      seeds,
      finished: new Map(),
    }
  })
}

/** That layers and sizes fit the rows, before anything is trained. @throws PARAMETER_INVALID */
export function checkFit({ definition, preset, settings }: Contender, matrix: MatrixMeta): void {
  buildFor(definition, settingsFor(definition, preset, settings, matrix), matrix.columns.length, matrix.conditions ?? 0, matrix.masked)
}

const nameOf = ({ id, title }: ModelDefinition, preset: string | null): string =>
  preset === null || preset === 'default' ? (id === 'pca' ? 'PCA' : title) : preset

/** Finished models; those that differ in nothing but the seed are one contender. @throws ARTIFACT_KIND where they learned from different rows */
export function contendersFrom(models: readonly Artifact[]): Contender[] {
  const groups = new Map<string, Artifact[]>()
  for (const artifact of models) {
    const { model, settings } = artifact.meta as unknown as ModelMeta
    const key = written([model, settings])
    groups.set(key, [...(groups.get(key) ?? []).filter(({ seed }) => seed !== artifact.seed), artifact])
  }
  return [...groups.values()].map((group) => {
    const { model, preset, settings } = group[0].meta as unknown as ModelMeta
    return {
      name: group[0].name,
      definition: modelById(model),
      preset,
      settings: group[0].params.settings as Record<string, unknown>,
      resolved: settings,
      isBaseline: model === 'pca',
      seeds: group.map(({ seed }) => seed),
      finished: new Map(group.map((artifact) => [artifact.seed, artifact])),
    }
  })
}

const learnsFromCounts = ({ meta }: Artifact): boolean => modelById((meta as unknown as ModelMeta).model).learnsFrom === 'counts'

/** What finished models learned from: all the same rows, but models of counts may have them as counts. @throws ARTIFACT_KIND */
export function matricesOf(models: readonly Artifact[]): { matrix: number | undefined; counts: number | undefined } {
  const [ofCounts, others] = [models.filter(learnsFromCounts), models.filter((it) => !learnsFromCounts(it))]
  const [counts, matrix] = [commonMatrix(ofCounts), commonMatrix(others)]
  return matrix === undefined ? { matrix: counts, counts: undefined } : { matrix, counts: counts === matrix ? undefined : counts }
}

function commonMatrix(models: readonly Artifact[]): number | undefined {
  const matrices = [...new Set(models.map(({ meta }) => (meta as unknown as ModelMeta).matrix))]
  if (matrices.length <= 1) return matrices[0]
  throw new StratumError(
    'ARTIFACT_KIND',
    `The models learned from ${matrices.length} different preparations, so their errors do not compare.`,
    'Choose models of one preparation, or give the prepared rows and name the models: they are trained again.',
    { matrices: matrices.join(', ') },
  )
}

/** PCA with each of the given numbers of components. */
export function pcaBaselines(sizes: readonly number[], seeds: readonly number[]): Contender[] {
  return [...new Set(sizes)]
    .sort((a, b) => a - b)
    .map((components) => ({
      name: `PCA ${components}`,
      definition: modelById('pca'),
      preset: null,
      settings: { components },
      resolved: { components },
      isBaseline: true,
      seeds,
      finished: new Map(),
    }))
}

/** Names told apart by a number where they are the same. */
export function withOwnNames<T extends { readonly name: string }>(all: readonly T[]): T[] {
  const taken = new Set<string>()
  return all.map((it) => {
    let name = it.name
    for (let i = 2; taken.has(name); i++) name = `${it.name} ${i}`
    taken.add(name)
    return { ...it, name }
  })
}
