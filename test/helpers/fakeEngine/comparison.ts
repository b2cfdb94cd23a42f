/** Nine models of the made-up scene side by side, as `compare` leaves them: five seeds, PCA and the columns beside. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonColumn, ComparisonMeta, ComparisonRow, ComparisonRun } from '#common/domain/comparison.ts'
import { artifact, matrix, scene } from './artifacts.ts'

const seeds = [1, 2, 3, 4, 5]
const column = (
  key: string,
  title: string,
  kind: ComparisonColumn['kind'],
  better: ComparisonColumn['better'],
  digits: number | null,
  unit: string | null = null,
): ComparisonColumn => ({
  key,
  title,
  kind,
  better,
  digits,
  unit,
  description: `${title}, as the engine describes it.`,
})
const columns = [
  column('holdoutError', 'Error, held out', 'quality', 'lower', null),
  column('explainedVariance', 'Explained', 'quality', 'higher', 3),
  column('ari', 'Agreement', 'quality', 'higher', 3),
  column('accuracy', 'Matched classes', 'quality', 'higher', 3),
  column('silhouette', 'Silhouette', 'quality', 'higher', 3),
  column('daviesBouldin', 'Davies–Bouldin', 'quality', 'lower', 3),
  column('stability', 'Seeds agree', 'quality', 'higher', 3),
  column('trainSeconds', 'Time', 'cost', 'lower', null, 's'),
  column('wattHours', 'Energy', 'cost', 'lower', null, 'Wh'),
]

type Line = readonly [
  name: string,
  model: string,
  title: string,
  code: string,
  error: number,
  ari: number,
  silhouette: number,
  seconds: number,
  wattHours: number,
]
const lines: readonly Line[] = [
  ['JumpReLU', 'sae-jumprelu', 'Sparse AE, JumpReLU', '11 of 256', 0.00183, 0.71, 0.347, 230, 3.3],
  ['Top k', 'sae-topk', 'Sparse AE, top k', '8 of 256', 0.00188, 0.72, 0.352, 200, 2.9],
  ['geological-mapping', 'stacked', 'Stacked autoencoder', '2', 0.00214, 0.83, 0.461, 130, 1.6],
  ['denoising', 'denoising', 'Denoising autoencoder', '4', 0.0022, 0.8, 0.428, 196, 2.4],
  ['scene', 'vae', 'Variational autoencoder', '4', 0.00251, 0.79, 0.412, 155, 1.9],
  ['Autoencoder', 'autoencoder', 'Autoencoder', '4', 0.00262, 0.75, 0.391, 65, 0.8],
  ['independent', 'beta-tcvae', 'β-TCVAE', '4', 0.00272, 0.74, 0.403, 205, 2.6],
  ['PCA 4', 'pca', 'PCA', '4', 0.00345, 0.69, 0.331, 0.9, 0.01],
]

/** The same wobble whenever it is made. */
const wobble = (row: number, seed: number): number => Math.sin(row * 7.3 + seed * 2.1) * 0.7 + Math.sin(row + seed * 5.7) * 0.5

function rowOf(
  [name, model, title, code, error, ari, silhouette, seconds, wattHours]: Line,
  i: number,
  clustering: Artifact,
): ComparisonRow {
  const still = model === 'pca'
  const runs = seeds.map((seed): ComparisonRun => {
    const w = still ? 0 : wobble(i, seed)
    return {
      seed,
      model: null,
      latents: null,
      clustering: clustering.id,
      labels: { artifact: clustering.id, array: 'labels' },
      figures: {
        holdoutError: error * (1 + 0.012 * w),
        explainedVariance: 1 - error * 12 * (1 + 0.012 * w),
        ari: ari + 0.02 * w,
        accuracy: ari + 0.08 + 0.02 * w,
        silhouette: silhouette + 0.012 * w,
        daviesBouldin: 1.4 - silhouette + 0.03 * w,
        trainSeconds: seconds * (1 + 0.03 * w),
        wattHours: wattHours * (1 + 0.03 * w),
      },
    }
  })
  const figures: Record<string, number> = { stability: still ? 1 : 0.97 - 0.02 * i }
  const spread: Record<string, number> = {}
  for (const key of Object.keys(runs[0]!.figures)) {
    const values = runs.map((run) => run.figures[key] as number)
    const mean = values.reduce((a, b) => a + b, 0) / values.length
    figures[key] = mean
    spread[key] = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1))
  }
  const [used, size = used] = code.split(' of ')
  return {
    name,
    artifact: clustering.id,
    model,
    title,
    paper:
      model === 'vae'
        ? 'Kingma & Welling 2014, Auto-encoding variational Bayes, arXiv 1312.6114'
        : 'Hinton & Salakhutdinov 2006, Science 313',
    preset: still ? null : name,
    settings: still
      ? { components: 4 }
      : { layers: [10 - i, 6, 4], learningRate: i % 2 ? 0.001 : 0.0005, epochs: 20, batchSize: 4096, activation: 'selu' },
    changed: {},
    layers: still ? ['10-4-10'] : ['10-6-4-2-4-6-10'],
    space: 'codes',
    codeSize: Number(size),
    activeCodes: code.includes('of') ? Number(used) : null,
    isBaseline: still,
    runs,
    figures,
    spread,
  }
}

const bestAndEqual: Readonly<Record<string, readonly [best: string, ...equal: string[]]>> = {
  holdoutError: ['JumpReLU'],
  explainedVariance: ['JumpReLU'],
  ari: ['geological-mapping', 'denoising'],
  accuracy: ['geological-mapping', 'denoising'],
  silhouette: ['geological-mapping'],
  daviesBouldin: ['geological-mapping', 'scene'],
  stability: ['PCA 4'],
}

export function comparisonArtifact(clustering: Artifact): Artifact {
  const rows = lines.map((line, i) => rowOf(line, i, clustering))
  const first = rows[7]!
  const raw: ComparisonRow = {
    ...first,
    name: 'Columns',
    artifact: null,
    model: null,
    title: 'Prepared columns, no model',
    paper: null,
    space: 'columns',
    codeSize: 10,
    figures: {
      ...first.figures,
      holdoutError: null,
      explainedVariance: null,
      trainSeconds: null,
      wattHours: null,
      ari: 0.7,
      accuracy: 0.775,
      silhouette: 0.329,
    },
    runs: first.runs!.map((run) => ({
      ...run,
      figures: { ari: 0.7, accuracy: 0.775, silhouette: 0.329, daviesBouldin: run.figures.daviesBouldin! },
    })),
  }
  const standing = (name: string): NonNullable<ComparisonRow['standing']> =>
    Object.fromEntries(
      Object.entries(bestAndEqual).map(([key, [best, ...equal]]) => [
        key,
        name === best ? 'best' : equal.includes(name) ? 'equal' : 'worse',
      ]),
    )
  const meta: ComparisonMeta = {
    title: 'S2B_54JYM_20240312: 9 compared, 5 seeds',
    basis:
      'Error on 50\u2009000 held-out pixels that no weights were fitted to; classes by k-means of all 250\u2009000 pixels, k = 6 (given); validity in the prepared columns; 250\u2009000 labels of 8 classes (truth.tif) only judge: neither training nor k saw them.',
    rows: [...rows, raw].map((row) => ({ ...row, standing: standing(row.name) })),
    columns,
    dataset: scene.id,
    matrix: matrix.id,
    data: { trainRows: 200_000, holdoutRows: 50_000, validRows: 250_000, split: 'blocks of 32 × 32 pixels', columns: 10 },
    seeds,
    k: { value: 6, from: 'given', reason: 'given' },
    reference: { model: 1, latents: 1, columns: 10, explainedVariance: 1, sampleRows: 3000 },
    labels: { where: '/data/truth.tif', rows: 250_000, classes: 8, ceiling: 0.912 },
    energyNote: null,
    failures: [],
  }
  return artifact('comparison', '7 models compared', 'compare', { matrix: matrix.id }, meta, {
    params: {
      models: lines.slice(0, 7).map(([name, model]) => ({ model, preset: name, settings: {} })),
      seeds,
      k: 6,
      labels: '/data/truth.tif',
    },
  })
}

/** Six classes against themselves with some rows elsewhere. */
export function crossed() {
  const k = 6
  const counts = new Float64Array((k + 1) ** 2)
  for (let a = 1; a <= k; a++)
    for (let b = 1; b <= k; b++) counts[a * (k + 1) + b] = a === b ? 30_000 - 3000 * a : (a + b) % 3 === 0 ? 2500 : 120
  return { counts, first: k, second: k, rows: counts.reduce((x, y) => x + y, 0), ari: 0.742, matched: [0, 1, 2, 3, 4, 5, 6] }
}
