/**
 * k-means of more rows than memory should hold: 100 million codes of 4 numbers in a project file, clustered by the operation itself in
 * one process, with its time and its peak resident size. The bar is 1000 MB.
 *
 *   node test/bench/clusteringStream.ts [rows=100000000] [directory] [--every-row] [--json]
 *
 * Centres are learned from a sample of 2 million rows and every row is assigned; with --every-row passes over all rows go on until the
 * centres settle. The codes are written by a child process, so that only the clustering is measured.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'
import { createProject, openProject } from '#engine/project/open.ts'
import { newArtifact } from '../helpers/newArtifact.ts'

const flags = new Set(process.argv.filter((a) => a.startsWith('--')))
const [rowsText = '100000000', directory = join(tmpdir(), `stratum-stream-${process.pid}`)] = process.argv
  .slice(2)
  .filter((a) => !a.startsWith('--') && a !== 'generate')
const rows = Number(rowsText)
const columns = 4
const groups = 12
const path = join(directory, 'stream.stratum')

/** Overlapping groups, from a generator that costs little beside writing them. */
function generate(): void {
  const project = createProject(path)
  const dataset = project.beginDraft(newArtifact({ kind: 'dataset', name: 'rows', contentKey: 'dataset' }), {})
  dataset.finish({ kind: 'table', rows, columns: [] }, 0)
  const model = project.beginDraft(newArtifact({ kind: 'model', name: 'model', contentKey: 'model' }), {})
  // Of another dataset, so that no class profile is looked for.
  model.finish({ dataset: 0 }, 0)
  const latents = project.beginDraft(newArtifact({ name: 'codes', contentKey: 'codes' }), { model: model.id, dataset: dataset.id })
  const writer = latents.writeArray('codes', { dtype: 'float32', shape: [rows, columns] })
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
      for (let j = 0; j < columns; j++) block[at + j] = places[group * columns + j] + next() + next() + next() - 1.5
    }
    writer.append(block)
  }
  writer.finish()
  latents.finish({ model: model.id, dataset: dataset.id, rows, validRows: rows, codeSize: columns, meanError: 0, codeRange: [] }, 0)
  project.close()
}

mkdirSync(directory, { recursive: true })
if (process.argv.includes('generate')) {
  generate()
  process.exit(0)
}
const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'generate', rowsText, directory], { stdio: 'inherit' })
if (status !== 0) throw new Error(`the codes could not be written (exit ${status})`)
try {
  const project = openProject(path)
  const runner = createRunner(project, operations, { memoryBudgetBytes: 8e8 })
  const started = performance.now()
  const params = { k: groups, everyRow: flags.has('--every-row') }
  const { meta } = await runToEnd(runner, { operation: 'cluster', inputs: { latents: project.find('codes').id }, params })
  const seconds = (performance.now() - started) / 1000
  await runner.dispose()
  project.close()
  const { method, inertia, figures } = meta as unknown as ClusteringMeta
  const peak = Math.round(peakMemoryMB())
  if (flags.has('--json'))
    console.log(
      JSON.stringify({
        suite: 'clustering',
        case: `${rows}x${columns}, ${method}`,
        ours: peak,
        peer: 1000,
        ratio: peak / 1000,
        unit: 'MB peak RSS',
        seconds,
      }),
    )
  else
    console.log(
      `${rows} × ${columns} (${(statSync(path).size / 1e9).toFixed(2)} GB), ${method}, k = ${groups}: ${seconds.toFixed(0)} s, peak ${peak} MB (bar 1000 MB), inertia a row ${(inertia / rows).toFixed(5)}, ${JSON.stringify(figures)}`,
    )
} finally {
  rmSync(directory, { recursive: true, force: true })
}
