/**
 * Memory of what is found in many rows: clustering with profiles, a selection, every criterion for k, scores of three kinds, what lies above
 * a threshold and another rule for it, scores that learn from labels, both judged against labels, drift, a model for each machine, models
 * compared, classes merged, and tables of all that; every step in a process of its own, with its time and its peak resident size. 10 million
 * rows of a table, prepared, learned by a PCA and encoded to four codes by the operations themselves, before anything is measured.
 *
 *   node test/bench/findingsMemory.ts [rows=10000000] [--folder PATH] [--only NAME] [--json]
 *
 * The bar is 1000 MB. Steps that read what an earlier one made need it: with --only name both. One row in a hundred is labelled anomalous.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { createNpy } from '#engine/export/npy.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, type RunRequest, runToEnd } from '#engine/operations/runner.ts'
import { chooseOn } from '#engine/operations/score/chosen.ts'
import { openScores } from '#engine/operations/score/findings.ts'
import { flaggedRows } from '#engine/operations/score/flaggedRows.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'
import { openProject, type ProjectFile } from '#engine/project/open.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: tmpdir() },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    step: { type: 'string' },
    project: { type: 'string', default: '' },
  },
})
const bar = 1000
const columns = 6
const groups = 5
const rows = Number(positionals[0] ?? 10_000_000)

/** Overlapping groups in the first columns; the last one says which rows lie apart. */
async function generate(path: string): Promise<void> {
  const table = `${path}.npy`
  const file = await createNpy(table, 'float32', [rows, columns])
  let state = 12_345
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const places = Float64Array.from({ length: groups * columns }, () => next() * 10)
  for (let from = 0; from < rows; from += 1_000_000) {
    const block = new Float32Array(Math.min(1_000_000, rows - from) * columns)
    for (let at = 0; at < block.length; at += columns) {
      const group = Math.floor(next() * groups)
      const isApart = next() < 0.01
      for (let j = 0; j < columns - 1; j++)
        block[at + j] = places[group * columns + j] + next() + next() + next() + (isApart ? 6 * next() : 0)
      block[at + columns - 1] = Number(isApart)
    }
    await file.write(block)
  }
  await file.finish()
  const { compute, close } = openWorkbench(path)
  const dataset = await compute('import', {}, { path: table })
  const names = namesOf(dataset.meta as unknown as DatasetMeta)
  const matrix = await compute('prepare', { dataset: dataset.id }, { columns: names.slice(0, -1) })
  const model = await compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 4 } })
  await compute('encode', { model: model.id })
  await close()
}

const namesOf = ({ columns }: DatasetMeta): string[] => columns.map(({ name }) => name)

type Step = (project: ProjectFile) => RunRequest | (() => Promise<void>)
const of = (operation: string, inputs: Record<string, number>, params: Record<string, unknown> = {}): RunRequest => ({
  operation,
  inputs,
  params,
})
/** The newest artifact of a kind made by an operation. */
function made(project: ProjectFile, operation: string, is: (params: Readonly<Record<string, unknown>>) => boolean = () => true) {
  const found = project.artifacts().findLast((artifact) => artifact.operation === operation && is(artifact.params))
  if (!found) throw new Error(`nothing was made by ${operation} yet`)
  return found
}
const codes = (project: ProjectFile): { latents: number } => ({ latents: made(project, 'encode').id })
const classes = (project: ProjectFile): number => made(project, 'cluster', ({ within, k }) => within === null && k === groups).id
const scores = (project: ProjectFile) => made(project, 'score', ({ method }) => method === 'reconstruction')
const labels = (project: ProjectFile): string => namesOf(made(project, 'import').meta as unknown as DatasetMeta)[columns - 1]

const written = (source: number, extension: string, params: Record<string, unknown>): RunRequest =>
  of('export', { source }, { path: `${asked.project}.written.${extension}`, ...params })

async function listFindings(project: ProjectFile): Promise<void> {
  const reader = await openScores(project, scores(project))
  const { signal } = new AbortController()
  for (const given of [{ rule: 'mad' }, { rule: 'percentile', percentile: 90 }, { rule: 'labels', labels: labels(project) }]) {
    const { choice } = await chooseOn(project, reader, given, { signal })
    flaggedRows(project, reader, { threshold: choice.value, sort: 'row', descending: true, review: 'all', offset: 1000, limit: 100 })
  }
}

const steps: Readonly<Record<string, Step>> = {
  classes: (project) => of('cluster', codes(project), { k: groups }),
  'classes of a selection': (project) =>
    of('cluster', codes(project), {
      k: 3,
      within: { dataset: made(project, 'import').id, all: [{ kind: 'classes', artifact: classes(project), classes: [1, 3] }] },
    }),
  'all criteria for k': (project) => of('cluster', codes(project), { criteria: 'all', kMax: 8 }),
  'merged classes': (project) => of('merge-classes', { clustering: classes(project) }, { groups: [[1, 2]] }),
  'reconstruction scores': (project) => of('score', codes(project), { method: 'reconstruction' }),
  'pca scores': (project) => of('score', codes(project), { method: 'pca' }),
  'isolation forest scores': (project) => of('score', codes(project), { method: 'isolation-forest', trees: 20 }),
  'findings and thresholds': (project) => () => listFindings(project),
  rescore: (project) => of('rescore', { scores: scores(project).id }, { from: 'labels', labels: labels(project) }),
  'evaluated classes': (project) => of('evaluate', { first: classes(project) }, { labels: labels(project) }),
  'evaluated scores': (project) => of('evaluate', { first: scores(project).id }, { labels: labels(project) }),
  drift: (project) => of('drift', codes(project)),
  'scores of machines': (project) =>
    of('score-nodes', { dataset: made(project, 'import').id }, { unitField: labels(project), model: 'pca' }),
  'compared models': (project) =>
    of('compare', { matrix: made(project, 'prepare').id }, { models: [{ model: 'pca' }], k: groups, seeds: [1], labels: labels(project) }),
  'table of scores': (project) => written(scores(project).id, 'csv', { list: 'rows', beside: 'columns' }),
  'table of flagged rows': (project) => written(scores(project).id, 'csv', { list: 'flagged' }),
  'table of classes': (project) => written(classes(project), 'csv', { list: 'rows' }),
  'table of codes': (project) => written(codes(project).latents, 'csv', {}),
  'array of codes': (project) => written(codes(project).latents, 'npy', {}),
}

async function carryOut(what: string, path: string): Promise<void> {
  const project = openProject(path)
  const runner = createRunner(project, operations, { memoryBudgetBytes: 8e8, threads: 2 })
  const started = performance.now()
  const step = steps[what](project)
  await (typeof step === 'function' ? step() : runToEnd(runner, step))
  if (typeof step !== 'function' && step.operation === 'export') rmSync(String(step.params?.path))
  const seconds = (performance.now() - started) / 1000
  await runner.dispose()
  project.close()
  const peak = Math.round(peakMemoryMB())
  const line = { suite: 'findings', case: `${what}, ${rows} rows`, ours: peak, peer: bar, ratio: peak / bar, unit: 'MB peak RSS', seconds }
  console.log(
    asked.json ? JSON.stringify(line) : `${line.case.padEnd(44)} ${seconds.toFixed(1).padStart(7)} s   peak ${peak} MB (bar ${bar} MB)`,
  )
}

if (asked.step === 'generate') await generate(asked.project)
else if (asked.step !== undefined) await carryOut(asked.step, asked.project)
else {
  const folder = mkdtempSync(join(asked.folder, 'stratum-findings-'))
  const path = join(folder, 'findings.stratum')
  const only = new RegExp(asked.only)
  try {
    for (const step of ['generate', ...Object.keys(steps).filter((step) => only.test(step))]) {
      const args = [fileURLToPath(import.meta.url), String(rows), '--step', step, '--project', path, ...(asked.json ? ['--json'] : [])]
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
      if (status !== 0) throw new Error(`${step} failed (exit ${status})`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
