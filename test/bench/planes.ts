/**
 * UMAP against umap-learn and t-SNE against scikit-learn and openTSNE on the same rows in one call, with the same number of threads.
 *
 *   node test/bench/planes.ts [--json] [--peer python3] [--threads 2] [--rows 10000] [--data digits|groups] [--only umap|tsne|placing|'tsne placing']
 *
 * 'placing': every fourth row is laid out by UMAP or t-SNE and the others are placed, ours against `transform`; seconds are those of placing.
 * Defaults on both sides, from rows to plane; umap-learn with its compiled code warm and free to use its threads as it likes, so that its
 * plane is another one each time, while ours is not. Processor seconds are those of all threads, which other work on the machine troubles
 * less. Trustworthiness is ours, and `kept` the share of the 15 nearest rows that are among the 15 nearest in the plane, both on the same
 * 2000 rows; divergence as each reports it. Without a Python that has them only our side is timed, and said so.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EmbeddingMethod } from '#engine/analysis/embedding/define.ts'
import { trustworthiness } from '#engine/analysis/embedding/trustworthiness.ts'
import { tsne } from '#engine/analysis/embedding/tsne.ts'
import { umap } from '#engine/analysis/embedding/umap.ts'
import { randomStream, spreadSample } from '#engine/analysis/random.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { digitColumns, digitRows, readDigits } from '../helpers/digits.ts'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const json = process.argv.includes('--json')
const peer = option('peer', 'python3')
const threads = Number(option('threads', '2'))
const rows = Number(option('rows', '10000'))
const only = option('only', '')

const script = `
import sys, json, time, warnings, resource
warnings.filterwarnings('ignore')
import numpy as np
name, folder, n, d, threads = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
X = np.fromfile(folder + '/rows.f32', np.float32).reshape(n, d)
def processor():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
if name == 'umap':
    import numba, umap
    numba.set_num_threads(threads)
    umap.UMAP(n_jobs=threads, n_epochs=20).fit(np.random.rand(5000, d).astype(np.float32))
    t, p = time.perf_counter(), processor()
    Y = umap.UMAP(n_jobs=threads).fit_transform(X)
    out = {'seconds': time.perf_counter() - t, 'processor': processor() - p, 'divergence': None, 'versions': 'umap-learn ' + umap.__version__}
elif name == 'placing':
    import numba, umap
    numba.set_num_threads(threads)
    model = umap.UMAP(n_jobs=threads).fit(X[::4])
    others = X[np.arange(n) % 4 > 0]
    model.transform(others[:200])
    t, p = time.perf_counter(), processor()
    Z = model.transform(others)
    out = {'seconds': time.perf_counter() - t, 'processor': processor() - p, 'divergence': None, 'versions': 'umap-learn ' + umap.__version__}
    Y = np.empty((n, 2))
    Y[::4], Y[np.arange(n) % 4 > 0] = model.embedding_, Z
elif name == 'opentsne':
    import openTSNE
    model = openTSNE.TSNE(n_jobs=threads, random_state=1)
    t, p = time.perf_counter(), processor()
    Y = model.fit(X)
    out = {'seconds': time.perf_counter() - t, 'processor': processor() - p, 'divergence': float(Y.kl_divergence), 'versions': 'openTSNE ' + openTSNE.__version__}
    Y = np.asarray(Y)
elif name == 'tsne placing':
    import openTSNE
    plane = openTSNE.TSNE(n_jobs=threads, random_state=1).fit(X[::4])
    others = X[np.arange(n) % 4 > 0]
    plane.transform(others[:200])
    t, p = time.perf_counter(), processor()
    Z = plane.transform(others)
    out = {'seconds': time.perf_counter() - t, 'processor': processor() - p, 'divergence': None, 'versions': 'openTSNE ' + openTSNE.__version__}
    Y = np.empty((n, 2))
    Y[::4], Y[np.arange(n) % 4 > 0] = plane, Z
else:
    import sklearn
    from sklearn.manifold import TSNE
    model = TSNE(n_jobs=threads, init='pca', learning_rate='auto')
    t, p = time.perf_counter(), processor()
    Y = model.fit_transform(X)
    out = {'seconds': time.perf_counter() - t, 'processor': processor() - p, 'divergence': float(model.kl_divergence_), 'versions': 'scikit-learn ' + sklearn.__version__}
Y.astype(np.float32).tofile(folder + '/plane.f32')
print(json.dumps(out))
`

interface Run {
  readonly seconds: number
  readonly processor: number
  readonly divergence: number | null
  readonly versions: string
}

const columns = 20
/** Thirty groups of unlike width that run into one another. */
function groups(): Float32Array {
  const normal = normalsOf(stepKey(1, 0), 'bench/planes')
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    const group = row % 30
    return 1.5 * normal(1e9 + group * columns + column) + (0.5 + group / 30) * normal(at)
  })
}

const processorSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

async function ours(method: EmbeddingMethod, X: Float32Array, n: number, d: number): Promise<Run & { plane: Float32Array }> {
  const started = performance.now()
  const before = process.cpuUsage()
  const { plane, figures } = await method.fit(X, n, d, method.params.parse({}), { seed: 1, threads })
  return {
    plane,
    seconds: (performance.now() - started) / 1000,
    processor: processorSince(before),
    divergence: figures.klDivergence ?? null,
    versions: `node ${process.version}`,
  }
}

async function placed(method: EmbeddingMethod, X: Float32Array, n: number, d: number): Promise<Run & { plane: Float32Array }> {
  const learned = new Float32Array(Math.ceil(n / 4) * d)
  const others = new Float32Array(n * d - learned.length)
  for (let i = 0; i < n; i++) {
    const into = i % 4 === 0 ? learned : others
    into.set(X.subarray(i * d, (i + 1) * d), (i % 4 === 0 ? i / 4 : i - Math.ceil(i / 4)) * d)
  }
  const [m, params, run] = [learned.length / d, method.params.parse({}), { seed: 1, threads }]
  const laidOut = await method.fit(learned, m, d, params, run)
  const started = performance.now()
  const before = process.cpuUsage()
  const placer = await method.openPlacer!(learned, laidOut.plane, m, d, params, run)
  const places = await placer.place(others, n - m, {})
  await placer.close()
  const [seconds, processor] = [(performance.now() - started) / 1000, processorSince(before)]
  const plane = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    const at = 2 * (i % 4 === 0 ? i / 4 : i - Math.ceil(i / 4))
    plane.set((i % 4 === 0 ? laidOut.plane : places).subarray(at, at + 2), 2 * i)
  }
  return { plane, seconds, processor, divergence: null, versions: `node ${process.version}` }
}

function theirs(id: string, title: string, folder: string, n: number, d: number): Run | null {
  try {
    return JSON.parse(
      execFileSync(peer, ['-c', script, id, folder, String(n), String(d), String(threads)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
  } catch (thrown) {
    const reason = String((thrown as Error).message)
      .split('\n')
      .at(-2)
    if (!json) process.stdout.write(`no peer: ${peer} for ${title} did not run (${reason ?? thrown})\n`)
    return null
  }
}

/** Of the rows that trustworthiness looks at; without rows at the same place first. */
function nearestKept(X: Float32Array, plane: Float32Array, n: number, d: number): number {
  const [k, rows] = [15, spreadSample(n, 2000, randomStream(1, 'trustworthiness'))]
  const nearest = (values: Float32Array, width: number, i: number): Set<number> => {
    const distance = Float64Array.from(rows, (row) => {
      let squared = 0
      for (let j = 0; j < width; j++) squared += (values[row * width + j] - values[rows[i] * width + j]) ** 2
      return squared
    })
    return new Set(
      [...rows.keys()]
        .filter((j) => j !== i)
        .sort((a, b) => distance[a] - distance[b])
        .slice(0, k),
    )
  }
  let kept = 0
  for (const i of rows.keys()) {
    const inPlane = nearest(plane, 2, i)
    for (const j of nearest(X, d, i)) if (inPlane.has(j)) kept++
  }
  return kept / (rows.length * k)
}

const methods = [umap, tsne] as unknown as readonly EmbeddingMethod[]
const tasks = [
  ...methods.map((method, i) => ({
    id: method.id,
    title: method.title,
    peers: [['umap'], ['tsne', 'opentsne']][i],
    ours: (X: Float32Array, n: number, d: number) => ours(method, X, n, d),
  })),
  ...methods.map((method, i) => ({
    id: ['placing', 'tsne placing'][i],
    title: `${method.title}, placing`,
    peers: [['placing'], ['tsne placing']][i],
    ours: (X: Float32Array, n: number, d: number) => placed(method, X, n, d),
  })),
]

const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))
try {
  const data = [
    { name: `digits, ${digitRows} × ${digitColumns}`, X: () => readDigits().X, n: digitRows, d: digitColumns },
    { name: `groups, ${rows} × ${columns}`, X: groups, n: rows, d: columns },
  ]
  for (const { name, X: make, n, d } of data) {
    if (!name.includes(option('data', ''))) continue
    const X = make()
    writeFileSync(join(folder, 'rows.f32'), X)
    const quality = async (plane: Float32Array) => ({
      trust: await trustworthiness(X, plane, n, d, { seed: 1 }),
      kept: nearestKept(X, plane, n, d),
    })
    for (const { id, title, peers, ours: work } of tasks) {
      if (only !== '' && id !== only) continue
      const own = await work(X, n, d)
      const ownQuality = await quality(own.plane)
      for (const peer of peers) {
        const best = theirs(peer, title, folder, n, d)
        const theirQuality = best && (await quality(new Float32Array(new Uint8Array(readFileSync(join(folder, 'plane.f32'))).buffer)))
        const line = {
          suite: 'planes',
          case: `${title}, ${name}, ${threads} threads`,
          ours: own.seconds,
          peer: best?.seconds ?? null,
          ratio: best && own.seconds / best.seconds,
          unit: 's',
          processor: [own.processor, best?.processor ?? null],
          trustworthiness: [ownQuality.trust, theirQuality?.trust ?? null],
          kept: [ownQuality.kept, theirQuality?.kept ?? null],
          divergence: [own.divergence, best?.divergence ?? null],
          versions: [own.versions, ...(best ? [best.versions] : [])].join(', '),
        }
        const side = (run: Run, which: 0 | 1): string =>
          `${run.seconds.toFixed(1)} s (processor ${run.processor.toFixed(1)} s, trust ${line.trustworthiness[which]?.toFixed(4)}, kept ${line.kept[which]?.toFixed(3)}${run.divergence === null ? '' : `, KL ${run.divergence.toFixed(3)}`})`
        const beside = best
          ? `${side(best, 1)}   ours/peer ${(own.seconds / best.seconds).toFixed(2)}, of processor ${(own.processor / best.processor).toFixed(2)}`
          : 'none'
        process.stdout.write(
          `${json ? JSON.stringify(line) : `${line.case.padEnd(46)} ours ${side(own, 0)}   peer ${beside}   ${line.versions}`}\n`,
        )
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
