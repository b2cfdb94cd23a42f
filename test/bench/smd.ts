/**
 * A server of SMD (machine-1-6), scored by what was learned from its normal rows: area under the ROC curve, average precision, and what a
 * threshold makes of it that saw no label. Everything goes through `score-nodes`; labels are read afterwards, to judge.
 *
 *   node test/bench/smd.ts [--seeds 3]
 *
 * Bars: 0.90 and 0.85. No label is read by the run, and the layer and its noise were ranked first on other series
 * (test/fixtures/make/tuning/nodes.ts). The setting: z-scores of the training rows (as in the paper), one layer of half as
 * many numbers as metrics with noise on the input, errors that count up to 5 deviations of a metric, because single counters jump in
 * health as well, and a threshold from the tail of held-out errors. Beside it PCA with the same score and with the plain squared error,
 * and scikit-learn's PCA residual.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { averagePrecision, rocAuc } from '#engine/analysis/evaluation/roc.ts'
import { openDataset } from '#engine/data/import.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const given = process.argv.indexOf('--seeds')
const seeds = Array.from({ length: given < 0 ? 3 : Number(process.argv[given + 1]) }, (_, i) => i + 1)
const [leastAuc, leastPrecision] = [0.9, 0.85]
const file = (part: string): string => sharedData(`anomaly/smd_csv_CONVERTED/machine-1-6_${part}.csv`)

const print = (...cells: (string | number)[]): void =>
  void process.stdout.write(
    `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(44) : (typeof cell === 'number' ? cell.toFixed(3) : cell).padStart(11))).join('')}\n`,
  )

if (!hasSharedData) {
  process.stdout.write('The data folder is missing.\n')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'stratum-smd-'))
const bench = openWorkbench(join(folder, 'smd.stratum'))
try {
  const read = (part: string, options: Record<string, unknown>): Promise<Artifact> =>
    bench.compute('import', {}, { path: file(part), as: 'series', options: { 'series.length': 1, ...options } })
  const normal = await read('train', {})
  const later = await read('test', { 'series.label': 'label' })
  const source = await openDataset(later.meta as unknown as DatasetMeta, bench.project.path)
  const truth = Uint8Array.from((await source.metadata?.('label')) ?? [], Number)
  await source.close()

  print('', 'AUCROC', 'AUCPR', 'flagged', 'precision', 'recall', 'events', 'seconds')
  async function row(title: string, params: Record<string, unknown>, seed = 1): Promise<readonly [number, number]> {
    const begun = performance.now()
    const scores = await bench.compute('score-nodes', { dataset: normal.id, later: later.id }, params, seed)
    const seconds = (performance.now() - begun) / 1000
    const meta = scores.meta as unknown as ScoresMeta
    const values = bench.project.array(scores.id, 'score').read(0, meta.rows) as Float32Array
    const found = [rocAuc(values, truth), averagePrecision(values, truth)] as const
    const [hits, all] = [
      truth.reduce((sum, one, i) => sum + (values[i] > meta.threshold ? one : 0), 0),
      truth.reduce((sum, one) => sum + one, 0),
    ]
    print(title, ...found, String(meta.flagged), hits / meta.flagged, hits / all, String(meta.events?.count ?? '–'), seconds.toFixed(1))
    return found
  }
  const own: (readonly [number, number])[] = []
  for (const seed of seeds) own.push(await row(`score-nodes as it comes, seed ${seed}`, {}, seed))
  await row('  the same, 99.5 % of held-out rows', { rule: 'percentile' })
  for (const components of [1, 5, 12]) {
    await row(`PCA, ${components} components, robust error`, { model: 'pca', settings: { components } })
    await row(`PCA, ${components} components, squared error`, { model: 'pca', settings: { components }, method: 'reconstruction' })
  }
  const isGood = own.every(([auc, precision]) => auc >= leastAuc && precision >= leastPrecision)
  process.stdout.write(`${isGood ? 'Every seed at least' : 'BELOW'} ${leastAuc} and ${leastPrecision}\n\n`)

  const peer = spawnSync('/usr/bin/python3', ['-c', peerScript(), file('train'), file('test')], { encoding: 'utf8' })
  process.stdout.write(peer.status === 0 ? peer.stdout : `scikit-learn is missing here: ${peer.stderr.split('\n').at(-2) ?? ''}\n`)
} finally {
  await bench.close()
  rmSync(folder, { recursive: true })
}

function peerScript(): string {
  return `
import sys, numpy as np, sklearn
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score, average_precision_score
train = np.genfromtxt(sys.argv[1], delimiter=',', skip_header=1)
test = np.genfromtxt(sys.argv[2], delimiter=',', skip_header=1)
X, y = test[:, :-1], test[:, -1]
cut = int(len(train) * .8)
mean, sd = train[:cut].mean(0), train[:cut].std(0)
sd[sd < 1e-9] = 1
A, B = (train[:cut] - mean) / sd, (X - mean) / sd
print('scikit-learn', sklearn.__version__)
for k in (1, 5, 12):
    p = PCA(k, random_state=0).fit(A)
    r = B - p.inverse_transform(p.transform(B))
    for name, s in (('robust', np.minimum(np.abs(r), 5).mean(1)), ('squared', (r ** 2).mean(1))):
        print(f'{"PCA residual, " + str(k) + " components, " + name + " error":<44}{roc_auc_score(y, s):>11.3f}{average_precision_score(y, s):>11.3f}')
`
}
