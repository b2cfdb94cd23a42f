/**
 * How long a cancelled job takes to end: the figure a user feels. The bar is one second.
 *
 *   node test/bench/cancel.ts [--json]
 *
 * Trainings of three sizes and the other steps of the main job on the built-in scene, each cancelled at several moments.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunRequest } from '#engine/operations/runner.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const json = process.argv.includes('--json')
const folder = mkdtempSync(join(tmpdir(), 'stratum-cancel-'))
const { compute, runner, close } = openWorkbench(join(folder, 'cancel.stratum'))
const dataset = await compute('sample', {}, { directory: folder, width: 1024, height: 1024 })
const matrix = await compute('prepare', { dataset: dataset.id })
const model = await compute('train', { matrix: matrix.id }, { model: 'stacked', settings: { layerEpochs: 1, fineTuneEpochs: 1 } })
const latents = await compute('encode', { model: model.id })

const train = (settings: Record<string, unknown>): RunRequest => ({
  operation: 'train',
  inputs: { matrix: matrix.id },
  params: { model: 'stacked', settings: { layerEpochs: 500, ...settings } },
})
const cases: [string, RunRequest][] = [
  ['train 16-8-4', train({})],
  ['train 512-256-32', train({ layers: [512, 256, 32] })],
  ['train 512-256-32, 4096 rows a step', train({ layers: [512, 256, 32], batchSize: 4096 })],
  ['import', { operation: 'import', params: { path: join(folder, 'scene.tif') } }],
  ['prepare', { operation: 'prepare', inputs: { dataset: dataset.id }, seed: 1 }],
  ['encode', { operation: 'encode', inputs: { model: model.id }, params: { region: join(folder, 'truth.tif') } }],
  ['cluster', { operation: 'cluster', inputs: { latents: latents.id }, params: { nInit: 50 } }],
]
let slowest = 0
for (const [name, request] of cases) {
  const took: number[] = []
  for (const ms of [50, 300, 800, 2000]) {
    const job = runner.run(request)
    await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), job.finished.catch(() => undefined)])
    const started = performance.now()
    job.cancel()
    await job.finished.catch(() => undefined)
    took.push(performance.now() - started)
  }
  const longest = Math.round(Math.max(...took))
  slowest = Math.max(slowest, longest)
  const versions = { node: process.version }
  if (json)
    console.log(JSON.stringify({ suite: 'cancel', case: name, ours: longest, peer: 1000, ratio: longest / 1000, unit: 'ms', versions }))
  else console.log(`${name.padEnd(36)} ${took.map((t) => t.toFixed(0).padStart(5)).join(' ')} ms`)
}
await close()
rmSync(folder, { recursive: true })
process.exitCode = slowest < 1000 ? 0 : 1
