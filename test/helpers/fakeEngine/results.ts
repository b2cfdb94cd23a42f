/** Classes, scores and comparisons of the made-up scene, as the operations leave them. */
import type { Artifact } from '#common/domain/artifact.ts'
import { artifact, scene } from './artifacts.ts'
import { bands, labelAt, scoreAt, size, valueAt } from './scene.ts'

const names = ['Alluvium', 'Dune sand', 'Sandstone', 'Siltstone', 'Creek vegetation', 'Clay pan']
const classes = names.map((_, i) => i + 1)
const rowsOf = new Map(classes.map((id) => [id, [] as number[]]))
const scoresOfAll: number[] = []
for (let row = 0; row < size * size; row++) {
  const label = labelAt(row)
  if (label > 0) {
    rowsOf.get(label)?.push(row)
    scoresOfAll.push(scoreAt(row))
  }
}
const validRows = scoresOfAll.length
const binned = (values: readonly number[], to: number): number[] => {
  const counts = new Array<number>(1024).fill(0)
  for (const v of values) counts[Math.min(1023, Math.floor((v / to) * 1024))]! += 1
  return counts
}
const summary = (id: number) => {
  const rows = rowsOf.get(id) ?? []
  const some = rows.filter((_, i) => i % 50 === 0)
  const mean = bands.map((_, b) => some.reduce((sum, row) => sum + valueAt(row, b), 0) / some.length)
  const sd = bands.map((_, b) => Math.sqrt(some.reduce((sum, row) => sum + (valueAt(row, b) - mean[b]!) ** 2, 0) / some.length))
  const distinguishing = mean
    .map((m, column) => ({ column, effect: (m - 0.2) / (sd[column]! || 1), p: 1e-40 }))
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))
  return { id, rows: rows.length, share: rows.length / validRows, mean, sd, distinguishing }
}

/** What follows codes: one clustering with its curve, scores with their histograms, one comparison. */
export function resultArtifacts(latents: Artifact, model: Artifact): Artifact[] {
  const silhouettes = [0.31, 0.36, 0.41, 0.44, 0.46, 0.43, 0.42, 0.41, 0.39, 0.385, 0.37]
  const kCurve = silhouettes.map((silhouette, i) => ({
    k: i + 2,
    inertia: 90_000 / (i + 1.4) + (i > 4 ? 2000 : 9000 - 1500 * i),
    silhouette,
    calinskiHarabasz: 40_000 + 900 * i - 150 * (i - 4) ** 2,
    daviesBouldin: 0.9 + 0.03 * (i - 4) ** 2,
    gap: 1.2 - 0.7 * Math.exp(-i / 2),
    gapError: 0.02 + 0.002 * i,
    bic: 610_000 - 9000 * i + 700 * i * i,
    stability: i < 5 ? 0.97 - 0.02 * Math.abs(i - 4) : 0.82 - 0.03 * i,
  }))
  const recommendations = [
    { criterion: 'elbow', k: 5, reason: 'The error falls slowly after 5.' },
    { criterion: 'silhouette', k: 6, reason: 'Highest at 6 (0.46).' },
    { criterion: 'calinski-harabasz', k: 6, reason: 'Highest at 6 (43600).' },
    { criterion: 'davies-bouldin', k: 6, reason: 'Lowest at 6 (0.90).' },
    { criterion: 'gap', k: 7, reason: 'The first within one standard error of the next, at 7.' },
    { criterion: 'bic', k: 8, reason: 'Lowest at 8 (581200).' },
    { criterion: 'stability', k: null, reason: 'Groupings agree equally well for several numbers.' },
  ]
  const clustering = artifact(
    'clustering',
    'k-means, k = 6',
    'cluster',
    { latents: latents.id },
    {
      method: 'k-means',
      dataset: scene.id,
      latents: latents.id,
      k: 6,
      rows: size * size,
      validRows,
      classes: classes.map(summary),
      inertia: 12_000,
      silhouette: 0.46,
      kCurve,
      recommendations,
      tree: { kind: 'ward', leaves: 12 },
      chosenBecause: 'elbow of the error curve',
      tidied: 0,
    },
    {
      annotations: {
        legend: names
          .slice(0, 5)
          .map((name, i) => ({ id: i + 1, name, colour: ['#2C71B7', '#E49921', '#399970', '#B3592D', '#87E5E8'][i] as string })),
      },
    },
  )
  const to = 0.03
  const scores = artifact(
    'scores',
    'stacked-06 anomalies',
    'score',
    { latents: latents.id },
    {
      method: 'reconstruction error',
      dataset: scene.id,
      model: model.id,
      latents: latents.id,
      rows: size * size,
      validRows,
      threshold: 0.008,
      thresholdRule: '99.5 % of 50000 held-out rows score below it',
      percentile: 99.5,
      holdoutRows: 50_000,
      min: 0.001,
      max: 0.025,
      histogram: {
        from: 0,
        to,
        all: binned(scoresOfAll, to),
        holdout: binned(
          scoresOfAll
            .filter((_, i) => i % 5 === 0)
            .slice(0, 50_000)
            .filter((v) => v < 0.02 || v > 0.0245),
          to,
        ),
      },
      flagged: 130,
    },
  )
  const comparison = artifact(
    'comparison',
    'against truth.tif',
    'evaluate',
    { first: clustering.id },
    {
      title: 'Agreement with labels',
      basis: 'truth.tif, 250 000 labelled pixels, labels were not used for learning',
      rows: [
        { name: 'k-means, k = 6', artifact: clustering.id, figures: { ari: 0.912, nmi: 0.894, accuracy: 0.951, silhouette: 0.46 } },
        { name: 'PCA and k-means', artifact: null, figures: { ari: 0.861, nmi: 0.85, accuracy: 0.92, silhouette: 0.41 } },
      ],
    },
  )
  return [clustering, scores, comparison]
}

const kindOf: Readonly<Record<string, Artifact['kind']>> = {
  cluster: 'clustering',
  tidy: 'clustering',
  'merge-classes': 'clustering',
  'split-class': 'clustering',
  embed: 'embedding2d',
  score: 'scores',
}

/** What running one of the later operations once more gives: the earlier result under a new name, or a written file. */
export function remade(
  operation: string,
  inputs: Record<string, number>,
  params: Record<string, unknown>,
  artifacts: readonly Artifact[],
): Artifact {
  if (operation === 'export') {
    const path = String(params.path)
    const meta = { target: String(params.target), files: [{ path, sizeBytes: 1_048_576, what: 'map' }] }
    return artifact('export', path.split('/').pop() ?? path, operation, inputs, meta, { params })
  }
  const kind = kindOf[operation]
  const before = artifacts.findLast((a) => a.kind === kind)
  if (!kind || !before) return artifact('latents', 'codes', operation, inputs, {})
  const changed: Readonly<Record<string, object>> = {
    tidy: { tidied: params.window },
    'merge-classes': { edited: { from: inputs.clustering, what: `${(params.groups as number[][] | undefined)?.[0]?.join(' + ')} merged` } },
    'split-class': { edited: { from: inputs.clustering, what: `${(params.classes as number[] | undefined)?.join(' + ')} split into 2` } },
    cluster: { ...(params.within != null && { within: params.within }), ...(typeof params.k === 'number' && { k: params.k }) },
  }
  return artifact(
    kind,
    operation === 'tidy' ? `${before.name}, majority ${params.window} × ${params.window}` : before.name,
    operation,
    { ...before.inputs, ...inputs },
    { ...before.meta, ...changed[operation] },
    { params },
  )
}
