/**
 * How long a cancelled job takes to end, for what is done with codes: clustering by every method, scoring by every detector, edits, judging
 * and exports, on the built-in scene. The bar is one second, and nothing may stay behind of what was cancelled.
 *
 *   node test/bench/cancelFindings.ts [side=1024] [--only PATTERN] [--seconds 60] [--through] [--json]
 *
 * Each runs once to its end (or so many seconds), and is then cancelled at four moments of that. Columns, in processor time so that a busy machine
 * counts for little: how long it took to end, the longest in which the engine did not answer, the longest in which it did not look at
 * whether it was cancelled, and the longest without a word of progress (bar: one second of clusterings, two of others). --through leaves out
 * the cancelling.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Job } from '#common/domain/artifact.ts'
import { clusterings } from '#engine/analysis/clustering/registry.ts'
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, type RunRequest } from '#engine/operations/runner.ts'
import { openProject } from '#engine/project/open.ts'
import { processTime, type Stretches, watchStretches } from '../helpers/stretches.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '60' },
    through: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const { json, through: onlyThrough } = asked
const only = new RegExp(asked.only)
const mostSeconds = Number(asked.seconds)
const side = Number(positionals[0] ?? 1024)
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
let told = (_: Job): void => undefined
const project = openProject(path)
const runner = createRunner(project, operations, { threads: 2, memoryBudgetBytes: 1e9, hooks: { jobChanged: (job) => told(job) } })

const of = (operation: string, inputs: Record<string, number>, params: Record<string, unknown> = {}): RunRequest => ({
  operation,
  inputs,
  params,
})
const writing = (source: number, file: string, params = {}): RunRequest =>
  of('export', { source }, { path: join(written, file), ...params })
const truth = { labels: join(folder, 'truth.tif') }
/** 0 of what is normal, 1 of what is not. */
const anomalies = { labels: join(folder, 'anomalies.tif') }
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
  ['rescore', of('rescore', { scores }, { from: 'labels', ...anomalies })],
  ['evaluate classes', of('evaluate', { first: classes }, truth)],
  ['evaluate scores', of('evaluate', { first: scores }, anomalies)],
  ['embed umap', of('embed', { latents }, { method: 'umap' })],
  ['embed umap of all rows', of('embed', { latents }, { method: 'umap', learnRows: 1_000_000, passes: 10 })],
  ['embed umap, placing', of('embed', { latents }, { method: 'umap', learnRows: 1000, passes: 10 })],
  ['embed t-SNE', of('embed', { latents }, { method: 'tsne', learnRows: 300_000, iterations: 50 })],
  ['embed t-SNE, placing', of('embed', { latents }, { method: 'tsne', learnRows: 1000, iterations: 50 })],
  ...['classes.tif', 'classes.gpkg', 'classes.geojson', 'classes.csv', 'classes.npy', 'classes.png', 'classes.html', 'classes.json'].map(
    (file): [string, RunRequest] => [`export ${file}`, writing(classes, file)],
  ),
  ['export classes.csv beside columns', writing(classes, 'beside.csv', { beside: 'columns' })],
  ['export objects.gpkg', writing(scores, 'objects.gpkg')],
  ['export objects.csv', writing(scores, 'objects.csv', { list: 'objects' })],
  ['export flagged.csv', writing(scores, 'flagged.csv', { list: 'flagged' })],
]

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
type Outcome = 'cancelled' | 'done' | 'failed'

/** Runs until it ends or is cancelled, whichever comes first. */
async function runUpTo(
  request: RunRequest,
  seed: number,
  ms: number,
): Promise<Stretches & { outcome: Outcome; took: number; ended: number }> {
  const watch = watchStretches()
  told = (job) => watch.heard(job.progress?.stage ?? job.status)
  const started = performance.now()
  const job = runner.run({ ...request, seed })
  let outcome: Outcome = 'done'
  const finished = job.finished.catch((thrown: { code?: string; message?: string }) => {
    outcome = thrown.code === 'CANCELLED' ? 'cancelled' : 'failed'
    if (outcome === 'failed') process.stderr.write(`${request.operation}: ${thrown.message}\n`)
  })
  await Promise.race([wait(ms), finished])
  const [clock, time] = [performance.now(), processTime()]
  job.cancel()
  await finished
  const ended = Math.min(performance.now() - clock, processTime() - time)
  const stretches = watch.stop()
  told = () => undefined
  await wait(20)
  return { ...stretches, outcome, took: performance.now() - started, ended }
}

let slowest = 0
for (const [name, request] of cases.filter(([name]) => only.test(name))) {
  const made = new Set(project.artifacts().map(({ id }) => id))
  const through = await runUpTo(request, 1, mostSeconds * 1000)
  const all = [through]
  for (const file of readdirSync(written)) rmSync(join(written, file))
  if (!onlyThrough && through.outcome !== 'failed')
    for (const [i, share] of [0.02, 0.3, 0.6, 0.9].entries()) {
      const one = await runUpTo(request, 100 + i, share * through.took)
      all.push(one)
      const left = [
        ...readdirSync(written).filter(() => one.outcome === 'cancelled'),
        ...project.artifacts().flatMap(({ id, name, status }) => (!made.has(id) && status !== 'done' ? [`${name} (${status})`] : [])),
      ]
      if (left.length > 0) process.stderr.write(`${name}, cancelled after ${share} of its time, leaves ${left.join(', ')}\n`)
      for (const file of readdirSync(written)) rmSync(join(written, file))
    }
  const longest = (of: 'ended' | 'busy' | 'unseen' | 'quiet'): number => Math.round(Math.max(...all.map((one) => one[of])))
  const [ended, busy, unseen, quiet] = [longest('ended'), longest('busy'), longest('unseen'), longest('quiet')]
  const ours = Math.max(ended, busy, unseen)
  slowest = Math.max(slowest, ours, name.startsWith('cluster') ? quiet : quiet / 2)
  const seconds = through.took / 1000
  if (json)
    console.log(
      JSON.stringify({ suite: 'cancel', case: name, ours, peer: 1000, ratio: ours / 1000, unit: 'ms', busy, unseen, quiet, seconds }),
    )
  else {
    const figures = [ended, busy, unseen, quiet].map((ms) => String(ms).padStart(6)).join(' ')
    console.log(`${name.padEnd(36)} ${seconds.toFixed(1).padStart(6)} s ${through.outcome === 'done' ? ' ' : '…'} ${figures} ms`)
    if (unseen > 300) console.log(`    unseen until ${through.ends.unseen}`)
    if (quiet > 1000) console.log(`    quiet until ${through.ends.quiet}`)
  }
}
await runner.dispose()
project.close()
rmSync(folder, { recursive: true })
process.exitCode = slowest < 1000 ? 0 : 1
