/**
 * How long a cancelled job takes to end, for what is done with codes: clustering by every method, scoring by every detector, edits, judging
 * and exports, on the built-in scene. The bar is one second, and nothing may stay behind of what was cancelled.
 *
 *   node test/bench/cancelFindings.ts [side=1024] [--only NAME] [--json]
 *
 * Each is cancelled at several moments. `busy` is the longest that the engine did not answer meanwhile, `quiet` the longest without a word of progress.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clusterings } from '#engine/analysis/clustering/registry.ts'
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, type RunRequest } from '#engine/operations/runner.ts'
import { openProject } from '#engine/project/open.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const json = process.argv.includes('--json')
const onlyAt = process.argv.indexOf('--only')
const only = onlyAt > 0 ? process.argv[onlyAt + 1] : ''
const side = Number(process.argv.slice(2).find((a) => /^\d+$/.test(a)) ?? 1024)
const folder = mkdtempSync(join(tmpdir(), 'stratum-cancel-'))
const written = join(folder, 'written')
mkdirSync(written)
const path = join(folder, 'cancel.stratum')
const { compute, close } = openWorkbench(path)
const dataset = await compute('sample', {}, { directory: folder, width: side, height: side })
const matrix = await compute('prepare', { dataset: dataset.id })
const model = await compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 4 } })
const latents = (await compute('encode', { model: model.id })).id
const classes = (await compute('cluster', { latents }, { k: 9, nInit: 1 })).id
const tree = (await compute('cluster', { latents }, { method: 'ward', k: 9, fitRows: 5000 })).id
const scores = (await compute('score', { latents })).id
await close()
let told = (): void => undefined
const project = openProject(path)
const runner = createRunner(project, operations, { threads: 2, memoryBudgetBytes: 1e9, hooks: { jobChanged: () => told() } })

const of = (operation: string, inputs: Record<string, number>, params: Record<string, unknown> = {}): RunRequest => ({
  operation,
  inputs,
  params,
})
const writing = (source: number, file: string, params = {}): RunRequest =>
  of('export', { source }, { path: join(written, file), ...params })
const truth = { labels: join(folder, 'truth.tif') }
const cases: [string, RunRequest][] = [
  ...clusterings.map(({ id, takesK }): [string, RunRequest] => [
    `cluster ${id}`,
    of('cluster', { latents }, { method: id, ...(takesK && { k: 12 }) }),
  ]),
  ['cluster k-means, every row', of('cluster', { latents }, { k: 12, fitRows: 10_000, everyRow: true })],
  ['cluster, quick criteria for k', of('cluster', { latents }, {})],
  ['cluster, all criteria for k', of('cluster', { latents }, { criteria: 'all' })],
  ['cut-tree', of('cut-tree', { clustering: tree }, { by: 'clusters', clusters: 5 })],
  ['merge-classes', of('merge-classes', { clustering: classes }, { groups: [[1, 2]] })],
  ['split-class', of('split-class', { clustering: classes }, { classes: [1], k: 3 })],
  ['sieve', of('sieve', { clustering: classes })],
  ['tidy', of('tidy', { clustering: classes })],
  ...['reconstruction', 'mahalanobis', 'local-rx', ...detectors.map(({ id }) => id)].map((method): [string, RunRequest] => [
    `score ${method}`,
    of('score', { latents }, { method }),
  ]),
  ['rescore', of('rescore', { scores }, { from: 'labels', ...truth })],
  ['evaluate classes', of('evaluate', { first: classes }, truth)],
  ['evaluate scores', of('evaluate', { first: scores }, truth)],
  ['embed umap', of('embed', { latents }, { method: 'umap' })],
  ...['classes.tif', 'classes.gpkg', 'classes.geojson', 'classes.csv', 'classes.npy', 'classes.png', 'classes.html', 'classes.json'].map(
    (file): [string, RunRequest] => [`export ${file}`, writing(classes, file)],
  ),
  ['export classes.csv beside columns', writing(classes, 'beside.csv', { beside: 'columns' })],
  ['export objects.gpkg', writing(scores, 'objects.gpkg')],
  ['export objects.csv', writing(scores, 'objects.csv', { list: 'objects' })],
  ['export flagged.csv', writing(scores, 'flagged.csv', { list: 'flagged' })],
]

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
interface Cancelled {
  readonly ended: number
  readonly busy: number
  readonly quiet: number
  readonly outcome: 'cancelled' | 'done' | 'failed'
}

async function cancelAfter(request: RunRequest, ms: number): Promise<Cancelled> {
  let [busy, quiet, beat, word] = [0, 0, performance.now(), performance.now()]
  const timer = setInterval(() => {
    busy = Math.max(busy, performance.now() - beat)
    beat = performance.now()
  }, 5)
  told = () => {
    quiet = Math.max(quiet, performance.now() - word)
    word = performance.now()
  }
  const job = runner.run({ ...request, seed: 100 + ms })
  let outcome: Cancelled['outcome'] = 'done'
  const finished = job.finished.catch((thrown: { code?: string; message?: string }) => {
    outcome = thrown.code === 'CANCELLED' ? 'cancelled' : 'failed'
    if (outcome === 'failed') process.stderr.write(`${request.operation}: ${thrown.message}\n`)
  })
  // From when the user pressed the button: an engine that is too busy to notice is counted too.
  const pressed = performance.now() + ms
  await Promise.race([wait(ms), finished])
  quiet = Math.max(quiet, performance.now() - word)
  job.cancel()
  await finished
  const ended = Math.max(0, performance.now() - pressed)
  await wait(20)
  clearInterval(timer)
  told = () => undefined
  return { ended, busy, quiet, outcome }
}

let slowest = 0
for (const [name, request] of cases.filter(([name]) => name.includes(only))) {
  const made = new Set(project.artifacts().map(({ id }) => id))
  const all: Cancelled[] = []
  for (const ms of [50, 400, 1500, 4000]) {
    const one = await cancelAfter(request, ms)
    all.push(one)
    const left = [
      ...readdirSync(written).filter(() => one.outcome === 'cancelled'),
      ...project.artifacts().flatMap(({ id, name, status }) => (!made.has(id) && status !== 'done' ? [`${name} (${status})`] : [])),
    ]
    if (left.length > 0) process.stderr.write(`${name}, cancelled after ${ms} ms, leaves ${left.join(', ')}\n`)
    for (const file of readdirSync(written)) rmSync(join(written, file))
    if (one.outcome === 'done') break
  }
  const longest = (of: 'ended' | 'busy' | 'quiet'): number => Math.round(Math.max(...all.map((one) => one[of])))
  slowest = Math.max(slowest, longest('ended'))
  const [ours, busy, quiet] = [longest('ended'), longest('busy'), longest('quiet')]
  if (json) console.log(JSON.stringify({ suite: 'cancel', case: name, ours, peer: 1000, ratio: ours / 1000, unit: 'ms', busy, quiet }))
  else
    console.log(
      `${name.padEnd(36)} ${all.map(({ ended, outcome }) => `${ended.toFixed(0)}${outcome === 'done' ? '✓' : ''}`.padStart(6)).join(' ')} ms   busy ${busy} ms   quiet ${quiet} ms`,
    )
}
await runner.dispose()
project.close()
rmSync(folder, { recursive: true })
process.exitCode = slowest < 1000 ? 0 : 1
