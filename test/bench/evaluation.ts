/**
 * How long it takes to hold results against labels, beside scikit-learn on the same rows in the same call; seconds of processor time,
 * one thread each.
 *
 *   node test/bench/evaluation.ts [--rows 2000000] [--peer python3]
 *
 * Scores with 2 % anomalous rows: area under the ROC curve, average precision, both curves, intervals. Classes, 20 found against 16
 * labelled: the table, adjusted Rand index, adjusted mutual information, matching, intervals. A map of as many pixels: local agreement.
 */
import { spawnSync } from 'node:child_process'
import { adjustedRandIndex, contingency, hungarianAccuracy } from '#engine/analysis/evaluation/agreement.ts'
import { classIntervals } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import { nameClasses } from '#engine/analysis/evaluation/classAgreement.ts'
import { adjustedMutualInformation } from '#engine/analysis/evaluation/information.ts'
import { LocalAgreementTally } from '#engine/analysis/evaluation/localAgreement.ts'
import { rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { areaError, areaUnderRoc, meanPrecision, precisionCurve, rocCurve } from '#engine/analysis/evaluation/roc.ts'

const rows = process.argv.includes('--rows') ? Number(process.argv[process.argv.indexOf('--rows') + 1]) : 2_000_000
const python = process.argv.includes('--peer') ? process.argv[process.argv.indexOf('--peer') + 1] : 'python3'
const write = (line: string): void => void process.stdout.write(`${line}\n`)

/** The same rows on both sides: anomalous where a cheap hash of the row says so. */
const peer = `
import json, os, sys, time
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = '1'
import numpy as np, sklearn
from sklearn import metrics
from scipy.optimize import linear_sum_assignment
n = int(sys.argv[1])
i = np.arange(n, dtype=np.uint64)
def hashed(salt):
    h = ((i + np.uint64(salt)) * np.uint64(2654435761)) & np.uint64(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint64(15))) * np.uint64(2246822519)) & np.uint64(0xFFFFFFFF)
    return ((h ^ (h >> np.uint64(13))) & np.uint64(0xFFFFFFFF)) / 2**32
positive = (hashed(1) < 0.02).astype(np.uint8)
scores = (hashed(2) + 0.5 * positive * hashed(3)).astype(np.float32)
truth = np.floor(16 * hashed(4)).astype(np.int16)
found = np.where(hashed(5) < 0.7, truth + 1, np.floor(20 * hashed(6)).astype(np.int16) + 1).astype(np.uint16)
out = {'version': sklearn.__version__}
def timed(name, work):
    start = time.process_time(); value = work(); out[name] = [time.process_time() - start, value]
timed('AUC and average precision', lambda: [metrics.roc_auc_score(positive, scores), metrics.average_precision_score(positive, scores)])
timed('ROC and precision curves', lambda: [len(metrics.roc_curve(positive, scores)[0]), len(metrics.precision_recall_curve(positive, scores)[0])])
def classes():
    table = metrics.cluster.contingency_matrix(found, truth)
    a, b = linear_sum_assignment(-table)
    return [metrics.adjusted_rand_score(truth, found), metrics.adjusted_mutual_info_score(truth, found), float(table[a, b].sum() / n)]
timed('ARI, AMI, matched accuracy', classes)
print(json.dumps(out))
`

function hashed(salt: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => {
    let h = Math.imul(i + salt, 2_654_435_761) >>> 0
    h = Math.imul(h ^ (h >>> 15), 2_246_822_519) >>> 0
    return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32
  })
}

const [one, two, three, four, five, six] = [1, 2, 3, 4, 5, 6].map(hashed)
const positive = Uint8Array.from(one, (u) => (u < 0.02 ? 1 : 0))
const scores = Float32Array.from(two, (u, i) => u + 0.5 * positive[i] * three[i])
const truth = Int16Array.from(four, (u) => Math.floor(16 * u))
const found = Uint16Array.from(five, (u, i) => (u < 0.7 ? truth[i] + 1 : Math.floor(20 * six[i]) + 1))

const asked = spawnSync(python, ['-c', peer, String(rows)], { encoding: 'utf8', maxBuffer: 1 << 20 })
const theirs: Readonly<Record<string, [number, number[]]>> | null = asked.status === 0 ? JSON.parse(asked.stdout) : null
write(
  theirs
    ? `${rows} rows, beside scikit-learn ${theirs.version}`
    : `${rows} rows; scikit-learn is missing: ${asked.error?.message ?? asked.stderr.split('\n').at(-2)}`,
)
write('                                ours, s   theirs, s    ratio   greatest difference')

async function line(name: string, work: () => Promise<number[]> | number[], compares = true): Promise<void> {
  const before = process.cpuUsage()
  const values = await work()
  const { user, system } = process.cpuUsage(before)
  const seconds = (user + system) / 1e6
  const other = theirs?.[name]
  const apart = other && compares ? Math.max(...values.map((value, i) => Math.abs(value - other[1][i]))).toExponential(1) : ''
  write(
    `${name.padEnd(30)}${seconds.toFixed(3).padStart(9)}${(other?.[0].toFixed(3) ?? '').padStart(12)}${(other ? (seconds / other[0]).toFixed(2) : '').padStart(9)}   ${apart}`,
  )
}

const ranking = rankScores(scores, positive)
await line('AUC and average precision', () => {
  const fresh = rankScores(scores, positive)
  return [areaUnderRoc(fresh), meanPrecision(fresh)]
})
await line('ROC and precision curves', () => [rocCurve(ranking).recall.length, precisionCurve(ranking).recall.length], false)
await line('DeLong’s error', () => [areaError(ranking) ?? Number.NaN])
await line('intervals of scores, 1000', async () => (await scoreIntervals(ranking, 0.98, 1000, 7)).figures.averagePrecision ?? [])
await line('ARI, AMI, matched accuracy', () => {
  const table = contingency(found, truth, 21, 16)
  return [adjustedRandIndex(table), adjustedMutualInformation(table), hungarianAccuracy(table)]
})
const table = contingency(found, truth, 21, 16)
await line(
  'intervals of classes, 1000',
  async () => (await classIntervals(table, nameClasses(table, 'one-to-one'), 1000, 7)).figures.ari ?? [],
)
await line('local agreement of a map', () => {
  const width = 1000
  const tally = new LocalAgreementTally(width)
  for (let at = 0; at + width <= rows; at += width) tally.add(found.subarray(at, at + width))
  return [tally.result()?.agreement ?? Number.NaN]
})
