/**
 * Clustering beside scikit-learn, hdbscan and scipy, on the same rows in one call.
 *
 *   node test/bench/clustering.ts [--json] [--peer python3] [--only lloyd|mixture|hdbscan|ward]
 *
 * Lloyd's iteration alone, from the same centres, with scikit-learn, both on one and both on two threads; whole fits of a Gaussian
 * mixture, HDBSCAN and Ward's tree, all on one thread, with how far the results agree. Best of some rounds taken in turn, in seconds of
 * processor time, which other work on the machine disturbs least; beside it the time on the clock. A peer that is missing is said to be.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gaussianMixtureClustering } from '#engine/analysis/clustering/gaussianMixture.ts'
import { hdbscanClustering } from '#engine/analysis/clustering/hdbscan.ts'
import { wardTree } from '#engine/analysis/clustering/wardTree.ts'
import { createLloyd } from '#engine/analysis/clustering/kmeans/lloyd.ts'
import { kmeansCrew } from '#engine/analysis/clustering/kmeans/work.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'

const option = (name: string): string | undefined =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined
const json = process.argv.includes('--json')
const peer = option('--peer') ?? 'python3'
const only = option('--only')

const script = `
import sys, json, time, warnings
warnings.filterwarnings('ignore')
import numpy as np
from threadpoolctl import threadpool_limits
what, folder, n, d, k, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
X = np.fromfile(folder + '/rows.f32', np.float32).reshape(n, d)
if what == 'lloyd':
    import sklearn
    from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense
    C = np.fromfile(folder + '/centres.f64', np.float64).reshape(k, d).astype(np.float32)
    weight, new, labels, inside, shift = np.ones(n, np.float32), np.zeros_like(C), np.full(n, -1, np.int32), np.zeros(k, np.float32), np.zeros(k, np.float32)
    def work():
        lloyd_iter_chunked_dense(X, weight, C, new, inside, labels, shift, threads)
        return 0.0
    version, rounds = 'scikit-learn ' + sklearn.__version__, 12
elif what == 'mixture':
    import sklearn
    from sklearn.mixture import GaussianMixture
    def work(): return float(GaussianMixture(k, covariance_type='full', n_init=1, tol=1e-5, max_iter=300, random_state=1).fit(X.astype(np.float64)).score(X))
    version, rounds = 'scikit-learn ' + sklearn.__version__, 1
elif what == 'hdbscan':
    import hdbscan
    from importlib.metadata import version as of
    def work(): return float(np.mean(hdbscan.HDBSCAN(min_cluster_size=50, min_samples=10, core_dist_n_jobs=1).fit(X.astype(np.float64)).labels_ < 0))
    version, rounds = 'hdbscan ' + of('hdbscan'), 1
else:
    import scipy
    from scipy.cluster.hierarchy import linkage
    def work(): return float(linkage(X.astype(np.float64), 'ward')[-1, 2])
    version, rounds = 'scipy ' + scipy.__version__, 1
best = None
with threadpool_limits(threads):
    for _ in range(rounds):
        t, c = time.perf_counter(), time.process_time()
        figure = work()
        now = (time.process_time() - c, time.perf_counter() - t)
        best = now if best is None or now < best else best
print(json.dumps({'processor': best[0], 'clock': best[1], 'figure': figure, 'versions': version + ', numpy ' + np.__version__}))
`

interface Run {
  readonly processor: number
  readonly clock: number
  /** What the results are compared by. */
  readonly figure: number
  readonly versions?: string
}

function rowsOf(n: number, d: number, k: number): Float32Array {
  const random = randomStream(1, 'bench')
  const normal = normalsOf(stepKey(1, 0), 'bench/noise')
  const middle = Float64Array.from({ length: k * d }, () => (random.uniform() - 0.5) * 5)
  const X = new Float32Array(n * d)
  for (let i = 0; i < n; i++) {
    const c = random.below(k)
    for (let j = 0; j < d; j++) X[i * d + j] = middle[c * d + j] + normal(i * d + j)
  }
  return X
}

async function timed(work: () => Promise<number>): Promise<Run> {
  const clock = performance.now()
  const before = process.cpuUsage()
  const figure = await work()
  const { user, system } = process.cpuUsage(before)
  return { processor: (user + system) / 1e6, clock: (performance.now() - clock) / 1000, figure }
}

function runPeer(what: string, folder: string, n: number, d: number, k: number, threads: number): Run | string {
  try {
    const args = ['-c', script, what, folder, String(n), String(d), String(k), String(threads)]
    return JSON.parse(execFileSync(peer, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })) as Run
  } catch (thrown) {
    return `no peer: ${peer} did not run (${String((thrown as Error).message)
      .trim()
      .split('\n')
      .at(-1)})`
  }
}

const run = { seed: 1, threads: 1 }
const cases = [
  { what: 'lloyd', n: 200_000, d: 16, k: 12, compared: '' },
  { what: 'mixture', n: 50_000, d: 8, k: 6, compared: 'mean log likelihood' },
  { what: 'hdbscan', n: 20_000, d: 4, k: 8, compared: 'share of noise' },
  { what: 'ward', n: 5000, d: 16, k: 8, compared: 'last height' },
] as const

/** One iteration: what eleven passes take beyond one, so that what is done once is left out. */
async function lloydIteration(X: Float32Array, n: number, d: number, k: number, centres: Float64Array, threads: number): Promise<Run> {
  const crew = kmeansCrew(threads)
  const lloyd = await createLloyd(inSharedMemory(X), n, d, k, crew)
  const passes = (count: number) => timed(async () => (await lloyd.run(centres.slice(), count, 0)).inertia)
  // Threads start when they have been worth it.
  for (let warm = 0; warm < 5; warm++) await passes(11)
  const least = async (count: number): Promise<{ processor: number; clock: number }> => {
    const runs: Run[] = []
    for (let round = 0; round < 12; round++) runs.push(await passes(count))
    return { processor: Math.min(...runs.map(({ processor }) => processor)), clock: Math.min(...runs.map(({ clock }) => clock)) }
  }
  const [one, eleven] = [await least(1), await least(11)]
  await crew.close()
  return { processor: (eleven.processor - one.processor) / 10, clock: (eleven.clock - one.clock) / 10, figure: 0 }
}

async function ours(
  what: (typeof cases)[number]['what'],
  X: Float32Array,
  n: number,
  d: number,
  k: number,
  centres: Float64Array,
  threads: number,
): Promise<Run> {
  if (what === 'lloyd') return lloydIteration(X, n, d, k, centres, threads)
  if (what === 'mixture') {
    const params = { k, kMax: 20, covariance: 'full', nInit: 1, maxIterations: 300, ridge: 1e-6, allowsSingular: false } as const
    return timed(async () => (await gaussianMixtureClustering.fit(X, n, d, params, run)).figures.meanLogLikelihood ?? Number.NaN)
  }
  if (what === 'hdbscan') {
    const params = {
      minClusterSize: 50,
      minSamples: 10,
      clusterSelection: 'eom',
      clusterEpsilon: 0,
      allowSingleCluster: false,
      maxClusterSize: null,
    } as const
    return timed(async () => (await hdbscanClustering.fit(X, n, d, params, run)).figures.noiseShare ?? Number.NaN)
  }
  return timed(async () => (await wardTree(X, n, d, new Float64Array(n).fill(1), createPace())).height[n - 2])
}

const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))
try {
  for (const { what, n, d, k, compared } of cases.filter((it) => only === undefined || it.what === only)) {
    const X = rowsOf(n, d, k)
    const centres = Float64Array.from({ length: k * d }, (_, at) => X[Math.floor(at / d) * 97 * d + (at % d)])
    writeFileSync(join(folder, 'rows.f32'), X)
    writeFileSync(join(folder, 'centres.f64'), centres)
    for (const threads of what === 'lloyd' ? [1, 2] : [1]) {
      const own = await ours(what, X, n, d, k, centres, threads)
      const other = runPeer(what, folder, n, d, k, threads)
      const theirs = typeof other === 'string' ? null : other
      const line = {
        suite: 'clustering',
        case: `${what} ${n}x${d}, k = ${k}, both on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        ours: own.processor,
        peer: theirs?.processor ?? null,
        ratio: theirs && own.processor / theirs.processor,
        unit: 's of processor time',
        clock: [own.clock, theirs?.clock ?? null],
        ...(compared && { compared, figures: [own.figure, theirs?.figure ?? null] }),
        versions: `node ${process.version}${theirs?.versions ? `, ${theirs.versions}` : ''}`,
      }
      if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
      else {
        const times = (it: Run): string => `${(it.processor * 1000).toFixed(1)} ms (clock ${(it.clock * 1000).toFixed(1)})`
        const agreement = compared && theirs ? `   ${compared} ${own.figure.toFixed(5)}, ${theirs.figure.toFixed(5)}` : ''
        process.stdout.write(
          `${line.case.padEnd(58)} ours ${times(own)}   ${theirs ? `peer ${times(theirs)}   ours/peer ${(own.processor / theirs.processor).toFixed(2)} of processor, ${(own.clock / theirs.clock).toFixed(2)} on the clock` : other}${agreement}   ${line.versions}\n`,
        )
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
