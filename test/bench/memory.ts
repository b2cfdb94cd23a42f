/**
 * Memory of the whole job on a scene far larger than memory allows to hold: generate, import, train on a sample, encode,
 * cluster, tidy, score and export, all in one engine process, and the peak resident size of that process.
 *
 *   node test/bench/memory.ts [size=10000] [directory] [--json]     size × size × 10 bands, uint16 (10 000: 2 GB)
 *
 * The bar is 1500 MB. The scene is written by a child process, so that only the engine's own work is measured.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Artifact } from '#common/domain/artifact.ts'
import { operations } from '#engine/operations/registry.ts'
import { createRunner, runToEnd } from '#engine/operations/runner.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'
import { createProject } from '#engine/project/open.ts'
import { writeScene } from '#engine/sample/scene.ts'

const json = process.argv.includes('--json')
const [sizeText = '10000', directory = join(tmpdir(), `stratum-memory-${process.pid}`)] = process.argv
  .slice(2)
  .filter((a) => !a.startsWith('--') && a !== 'generate')
const size = Number(sizeText)
const megabytes = (): number => Math.round(peakMemoryMB())

if (process.argv.includes('generate')) {
  await writeScene(directory, { width: size, height: size, bands: 10, seed: 7 })
  process.exit(0)
}

mkdirSync(directory, { recursive: true })
const scene = join(directory, 'scene.tif')
if (!existsSync(scene)) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'generate', sizeText, directory], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the scene could not be written (exit ${status})`)
}

const say = (line: string): void => {
  if (!json) console.log(line)
}
const projectPath = join(directory, 'memory.stratum')
rmSync(projectPath, { force: true })
const project = createProject(projectPath)
const runner = createRunner(project, operations, { memoryBudgetBytes: 1.2e9 })
const steps: { step: string; seconds: number; peakRssMB: number }[] = []
async function compute(operation: string, inputs: Record<string, number>, params: Record<string, unknown> = {}): Promise<Artifact> {
  const started = performance.now()
  const artifact = await runToEnd(runner, { operation, inputs, params })
  const seconds = (performance.now() - started) / 1000
  steps.push({ step: operation, seconds, peakRssMB: megabytes() })
  say(`${operation.padEnd(8)} ${seconds.toFixed(1).padStart(7)} s   peak so far ${megabytes()} MB`)
  return artifact
}

say(`${size} × ${size} × 10 uint16, ${(statSync(scene).size / 1e9).toFixed(2)} GB on disk`)
const dataset = await compute('import', {}, { path: scene })
const matrix = await compute('prepare', { dataset: dataset.id })
const model = await compute('train', { matrix: matrix.id }, { model: 'stacked', preset: 'multispectral' })
const latents = await compute('encode', { model: model.id })
const clustering = await compute('cluster', { latents: latents.id }, { k: 6 })
const map = await compute('tidy', { clustering: clustering.id }, { window: 7 })
const scores = await compute('score', { latents: latents.id })
await compute('export', { source: map.id }, { path: join(directory, 'map.tif') })
await compute('export', { source: scores.id }, { path: join(directory, 'scores.tif') })
await runner.dispose()
project.close()

const peak = megabytes()
if (json)
  console.log(
    JSON.stringify({
      suite: 'memory',
      case: `${size}x${size}x10`,
      ours: peak,
      peer: 1500,
      ratio: peak / 1500,
      unit: 'MB peak RSS',
      versions: { node: process.version },
      steps,
    }),
  )
else say(`peak resident ${peak} MB of 1500 MB allowed`)
process.exitCode = peak < 1500 ? 0 : 1
