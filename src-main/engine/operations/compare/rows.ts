/** The rows of a comparison: figures of every run, its classes judged beside the others, and the columns themselves. */
import type { ComparisonRow, ComparisonRun } from '#common/domain/comparison.ts'
import { type ClusteringMeta, type LatentsMeta, type ModelMeta, rebuiltOf } from '#common/domain/results.ts'
import { columnsBaseline } from './columnsBaseline.ts'
import type { Context, Ground } from './ground.ts'
import { judge, type Labelling, ownValidity } from './judge.ts'
import { mostColumns } from './params.ts'
import { preparedRows } from './preparedRows.ts'
import type { Run } from './runs.ts'
import { summary } from './standing.ts'

/** As many components as the models use numbers per row, of those that are not among them; without a model as many as a map usually needs. */
export function pcaSizes({ params }: Context, { matrix }: Ground, runs: readonly Run[]): number[] {
  const most = rebuiltOf(matrix).length
  const sizeOf = ({ model }: Run): number => {
    const { layout } = model.meta as unknown as ModelMeta
    return Math.min(most, layout.activeCodes ?? layout.codeSize)
  }
  const present = new Set(runs.filter(({ contender }) => contender.definition.id === 'pca').map(sizeOf))
  const wanted = params.pca ?? (runs.length > 0 ? runs.map(sizeOf) : [Math.min(most, 4)])
  return wanted.filter((size) => !present.has(size))
}

/** Every row with the figures of its runs. */
export async function judgedRows(ctx: Context, ground: Ground, runs: readonly Run[]): Promise<Omit<ComparisonRow, 'standing'>[]> {
  const { project, params, signal } = ctx
  const { k, reference, truth } = ground
  const groups = [...new Set(runs.map(groupOf))]
  const figures: Record<string, number | null>[] = []
  for (const run of runs) figures.push(await runFigures(ctx, ground, run))
  const columns = (params.columns ?? rebuiltOf(ground.matrix).length <= mostColumns) ? await columnsRow(ctx, ground) : []

  const labellings: Labelling[] = [
    ...runs.map((run) => ({ labels: project.array(run.clustering.id, 'labels'), k: k.value, group: groups.indexOf(groupOf(run)) })),
    ...columns.map(({ labels }) => ({ labels: project.array(labels.artifact, labels.array), k: k.value, group: groups.length })),
  ]
  const judged = await judge(labellings, {
    reference: project.array(reference.latents.id, 'codes'),
    sample: reference.sample,
    truth,
    signal,
    report: (fraction) => ctx.report({ stage: 'Judging classes', fraction: 0.94 + 0.06 * fraction }),
  })

  const rows = groups.map((group, g) => {
    const ofRow = runs.flatMap((run, i) => (groupOf(run) === group ? [asRun(run, { ...figures[i], ...judged.figures[i] })] : []))
    return rowOf(runs.find((run) => groupOf(run) === group) as Run, ofRow, judged.agreement.get(g) ?? [])
  })
  if (columns.length === 0) return rows
  const ofColumns = columns.map((run, i) => ({ ...run, figures: { ...run.figures, ...judged.figures[runs.length + i] } }))
  return [...rows, columnsRowOf(ground, ofColumns, judged.agreement.get(groups.length) ?? [])]
}

const groupOf = ({ contender, space }: Run): string => `${contender.name}\n${space}`

const asRun = ({ seed, model, latents, clustering }: Run, figures: ComparisonRun['figures']): ComparisonRun => ({
  seed,
  model: model.id,
  latents: latents.id,
  clustering: clustering.id,
  labels: { artifact: clustering.id, array: 'labels' },
  figures,
})

/** What model, codes and classes say of themselves. */
async function runFigures(
  { project, signal }: Context,
  { counts }: Ground,
  { model, latents, clustered, clustering, space }: Run,
): Promise<Record<string, number | null>> {
  const { holdoutError, explainedVariance, energy, matrix, errorsOf } = model.meta as unknown as ModelMeta
  const { silhouette, k } = clustering.meta as unknown as ClusteringMeta
  const isComparable = errorsOf === undefined && matrix !== counts
  return {
    ...(isComparable ? { holdoutError, explainedVariance } : { ownError: holdoutError, ownExplained: explainedVariance }),
    ownSilhouette: silhouette,
    ...(await ownValidity(project.array(clustered.id, 'codes'), project.array(clustering.id, 'labels'), k, signal)),
    trainSeconds: model.seconds,
    encodeSeconds: (latents.seconds ?? 0) + (space === 'decoded' ? (clustered.seconds ?? 0) : 0),
    wattHours: energy?.wattHours ?? null,
  }
}

function rowOf(run: Run, runs: ComparisonRun[], agreement: readonly number[]): Omit<ComparisonRow, 'standing'> {
  const { contender, space, model, clustered } = run
  const { settings, layout } = model.meta as unknown as ModelMeta
  const { definition, preset, isBaseline } = contender
  return {
    name: space === 'codes' ? contender.name : `${contender.name}, decoded`,
    artifact: run.clustering.id,
    model: definition.id,
    title: definition.title,
    paper: definition.paper,
    preset,
    settings,
    changed: contender.settings,
    layers: layout.stages.map(({ widths }) => widths.join('-')),
    space,
    codeSize: (clustered.meta as unknown as LatentsMeta).codeSize,
    activeCodes: space === 'codes' ? (layout.activeCodes ?? null) : null,
    isBaseline: isBaseline || definition.id === 'pca',
    runs,
    ...withAgreement(runs, agreement),
  }
}

/** Seeds agree: a figure of the row, with the spread over pairs of seeds. */
function withAgreement(runs: readonly ComparisonRun[], agreement: readonly number[]): Pick<ComparisonRow, 'figures' | 'spread'> {
  const { figures, spread } = summary(runs)
  const stability = summary(agreement.map((value) => ({ figures: { stability: value } })))
  return { figures: { ...figures, stability: null, ...stability.figures }, spread: { ...spread, stability: null, ...stability.spread } }
}

async function columnsRow(
  ctx: Context,
  { dataset, matrix, reference, k, seeds }: Ground,
): Promise<(ComparisonRun & { labels: NonNullable<ComparisonRun['labels']> })[]> {
  const { project, params, signal, draft } = ctx
  const { rows, validRows } = reference.latents.meta as unknown as LatentsMeta
  const found = await columnsBaseline(() => preparedRows(project.path, dataset, matrix, params.region, signal), draft, {
    seeds,
    k: k.value,
    nInit: params.nInit,
    d: rebuiltOf(matrix).length,
    rows,
    validRows,
    signal,
    report: (fraction) => ctx.report({ stage: 'Clustering the columns themselves', fraction: 0.88 + 0.06 * fraction }),
  })
  return found.map(({ array, figures }, i) => ({
    seed: seeds[i],
    model: null,
    latents: null,
    clustering: null,
    labels: { artifact: draft.id, array },
    figures,
  }))
}

const columnsRowOf = ({ matrix }: Ground, runs: ComparisonRun[], agreement: readonly number[]): Omit<ComparisonRow, 'standing'> => ({
  name: 'Columns',
  artifact: null,
  model: null,
  title: 'Prepared columns, no model',
  paper: null,
  preset: null,
  space: 'columns',
  codeSize: rebuiltOf(matrix).length,
  activeCodes: null,
  isBaseline: true,
  runs,
  ...withAgreement(runs, agreement),
})
