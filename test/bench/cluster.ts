/**
 * k-means against scikit-learn's Lloyd on the same rows in one call, both on the same number of threads.
 *
 *   node test/bench/cluster.ts [--json] [--peer python3] [--threads 1,2] [--only fit|passes] [--case '× 16']
 *
 * Two figures per case: `passes` is Lloyd's iteration alone, from the same starting centres to convergence, and `fit` is the whole
 * call with 10 starts, where each side draws its own. Best of three rounds, taken in turn, by the clock and, which other work on the
 * machine disturbs less, in processor time. Threads of `passes` have started before, as scikit-learn's have. Without a Python that
 * has scikit-learn only our side is timed, and said so.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { kmeans, seedStarts } from '#engine/analysis/clustering/kmeans/kmeans.ts'
import { createLloyd } from '#engine/analysis/clustering/kmeans/lloyd.ts'
import { type KmeansCrew, kmeansCrew } from '#engine/analysis/clustering/kmeans/work.ts'
import { inSharedMemory } from '#engine/analysis/threads/sharedMemory.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'

const json = process.argv.includes('--json')
const option = (name: string): string | undefined =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined
const threadCounts = (option('--threads') ?? `1,${availableParallelism()}`).split(',').map(Number)
const peer = option('--peer') ?? 'python3'
const modes = ['passes', 'fit'].filter((mode) => [undefined, mode].includes(option('--only')))
const rounds = 3
const cases = [
  { name: '300 000 × 2, k = 8', n: 300_000, d: 2, k: 8 },
  { name: '200 000 × 16, k = 12', n: 200_000, d: 16, k: 12 },
  { name: '100 000 × 50, k = 20', n: 100_000, d: 50, k: 20 },
].filter(({ name }) => name.includes(option('--case') ?? ''))

const script = `
import sys, json, time, warnings
warnings.filterwarnings('ignore')
import numpy as np, sklearn
from sklearn.cluster import KMeans
folder, n, d, k, whole, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == 'fit', int(sys.argv[6])
from threadpoolctl import threadpool_limits
X = np.fromfile(folder + '/rows.f32', np.float32).reshape(n, d)
start = np.fromfile(folder + '/centres.f64', np.float64).reshape(k, d).astype(np.float32)
KMeans(2, n_init=1, max_iter=2, algorithm='lloyd').fit(X[:1000])
model = KMeans(k, n_init=10, random_state=1, algorithm='lloyd') if whole else KMeans(k, init=start, n_init=1, tol=0, algorithm='lloyd')
with threadpool_limits(threads):
    t, c = time.perf_counter(), time.process_time()
    model.fit(X)
    seconds, processor = time.perf_counter() - t, time.process_time() - c
print(json.dumps({'seconds': seconds, 'processor': processor, 'passes': model.n_iter_, 'inertia': float(model.inertia_), 'versions': 'scikit-learn ' + sklearn.__version__ + ', numpy ' + np.__version__}))
`

interface Run {
  readonly seconds: number
  readonly processor: number
  readonly passes: number
  readonly inertia: number
  readonly versions?: string
}

/** Overlapping normal groups, so that the iteration has work to do. */
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

const timed = async (work: () => Promise<{ iterations: number; inertia: number }>): Promise<Run> => {
  const started = performance.now()
  const before = process.cpuUsage()
  const { iterations, inertia } = await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6, passes: iterations, inertia }
}

function runPeer(folder: string, n: number, d: number, k: number, mode: string, threads: number): Run | null {
  try {
    return JSON.parse(
      execFileSync(peer, ['-c', script, folder, String(n), String(d), String(k), mode, String(threads)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  } catch (thrown) {
    if (!json)
      process.stdout.write(
        `no peer: ${peer} with scikit-learn did not run (${
          String((thrown as Error).message)
            .split('\n')
            .at(-2) ?? thrown
        })\n`,
      )
    return null
  }
}

/** The least of both times. */
const faster = (best: Run | null, run: Run | null): Run | null =>
  best && run ? { ...run, seconds: Math.min(best.seconds, run.seconds), processor: Math.min(best.processor, run.processor) } : run

/** Threads that have started and compiled what they do. */
async function warm(crew: KmeansCrew): Promise<void> {
  const rows = inSharedMemory(rowsOf(20_000, 8, 4))
  const centres = new Float64Array(new SharedArrayBuffer(8 * 4 * 8 * 8))
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  await crew.run({ kind: 'seed', points: rows, n: 20_000, d: 8, k: 4, seed: 1, names, centres }, names.length, { cost: 1e9 })
}

const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))
try {
  for (const { name, n, d, k } of cases) {
    const X = inSharedMemory(rowsOf(n, d, k))
    const start = await seedStarts(X, n, d, k, { names: ['bench/start'], seed: 2 }, kmeansCrew(1))
    writeFileSync(join(folder, 'rows.f32'), X)
    writeFileSync(join(folder, 'centres.f64'), start)
    for (const [mode, threads] of modes.flatMap((mode) => threadCounts.map((count) => [mode, count] as const))) {
      let ours: Run | null = null
      let theirs: Run | null = null
      for (let round = 0; round < rounds; round++) {
        const passes = (crew: KmeansCrew) => async () => (await createLloyd(X, n, d, k, crew)).run(start.slice(), 300, 0)
        const crew = kmeansCrew(threads)
        await warm(crew)
        ours = faster(ours, await timed(mode === 'fit' ? () => kmeans(X, n, d, { k, nInit: 10, seed: 1, threads }) : passes(crew)))
        await crew.close()
        if (round === 0 || theirs) theirs = faster(theirs, runPeer(folder, n, d, k, mode, threads))
      }
      const own = ours as Run
      const line = {
        suite: 'cluster',
        case: `k-means ${mode}, ${name}, ${threads} thread${threads > 1 ? 's' : ''}`,
        ours: own.seconds,
        peer: theirs?.seconds ?? null,
        ratio: theirs && own.seconds / theirs.seconds,
        processor: [own.processor, theirs?.processor ?? null],
        unit: 's',
        passes: [own.passes, theirs?.passes ?? null],
        inertiaRatio: theirs && own.inertia / theirs.inertia,
        versions: `node ${process.version}${theirs?.versions ? `, ${theirs.versions}` : ''}`,
      }
      if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
      else
        process.stdout.write(
          `${line.case.padEnd(52)} ours ${own.seconds.toFixed(2)} s (processor ${own.processor.toFixed(2)}, ${own.passes} passes)   peer ${theirs ? `${theirs.seconds.toFixed(2)} s (${theirs.processor.toFixed(2)}, ${theirs.passes})   ours/peer ${(own.seconds / theirs.seconds).toFixed(2)} by the clock, ${(own.processor / theirs.processor).toFixed(2)} of processor   inertia ratio ${line.inertiaRatio?.toFixed(5)}` : 'none'}   ${line.versions}\n`,
        )
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
