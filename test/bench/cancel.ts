/**
 * How long a cancelled job takes to end: the figure a user feels. The bar is one second.
 *
 *   node test/bench/cancel.ts [--json] [--only NAME]
 *
 * Trainings of every model and of several sizes, on the built-in scene and on wide rows, and the other steps of the main job, each
 * cancelled at several moments. A step of the last training takes seconds, and cannot be interrupted; nobody waits for it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { createNpy } from '#engine/export/npy.ts'
import type { RunRequest } from '#engine/operations/runner.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const json = process.argv.includes('--json')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : ''
const folder = mkdtempSync(join(tmpdir(), 'stratum-cancel-'))
const { compute, runner, close } = openWorkbench(join(folder, 'cancel.stratum'))
const dataset = await compute('sample', {}, { directory: folder, width: 1024, height: 1024 })
const matrix = await compute('prepare', { dataset: dataset.id })
const model = await compute('train', { matrix: matrix.id }, { model: 'stacked', settings: { layerEpochs: 1, fineTuneEpochs: 1 } })
const latents = await compute('encode', { model: model.id })

/** Rows of 1000 columns, as images or expression profiles have them. */
async function wideMatrix(): Promise<number> {
  const [rows, columns] = [5000, 1000]
  const path = join(folder, 'wide.npy')
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const file = await createNpy(path, 'float32', [rows, columns])
  await file.write(Float32Array.from({ length: rows * columns }, (_, i) => draw(i)))
  await file.finish()
  return (await compute('prepare', { dataset: (await compute('import', {}, { path })).id })).id
}
const wide = await wideMatrix()

const train = (settings: Record<string, unknown>, model = 'stacked', rows = matrix.id): RunRequest => ({
  operation: 'train',
  inputs: { matrix: rows },
  params: { model, settings: { [model === 'stacked' ? 'layerEpochs' : 'epochs']: 500, ...settings } },
})
const cases: [string, RunRequest][] = [
  ['train 16-8-4', train({})],
  ['train 512-256-32', train({ layers: [512, 256, 32] })],
  ['train 512-256-32, 4096 rows a step', train({ layers: [512, 256, 32], batchSize: 4096 })],
  ['train vae 64-32-8', train({}, 'vae')],
  ['train vae 1000-256-64-10', train({ encoder: [256, 64], codeSize: 10 }, 'vae', wide)],
  ['train sae-topk 256 codes of 10 columns', train({}, 'sae-topk')],
  ['train sae-topk 8192 codes of 1000 columns', train({ codeSize: 8192, k: 32, batchSize: 1024 }, 'sae-topk', wide)],
  ['train 1024-1024-8, 256 rows a step', train({ encoder: [1024, 1024], codeSize: 8 }, 'autoencoder')],
  ['train 4096-4096-8, 1024 rows a step', train({ encoder: [4096, 4096], codeSize: 8, batchSize: 1024 }, 'autoencoder')],
  ['import', { operation: 'import', params: { path: join(folder, 'scene.tif') } }],
  ['prepare', { operation: 'prepare', inputs: { dataset: dataset.id }, seed: 1 }],
  ['encode', { operation: 'encode', inputs: { model: model.id }, params: { region: join(folder, 'truth.tif') } }],
  ['cluster', { operation: 'cluster', inputs: { latents: latents.id }, params: { nInit: 50 } }],
  ['leiden', { operation: 'cluster', inputs: { latents: latents.id }, params: { method: 'leiden' } }],
  ['umap of all rows', { operation: 'embed', inputs: { latents: latents.id }, params: { method: 'umap', learnRows: 1_000_000 } }],
  ['umap, placing', { operation: 'embed', inputs: { latents: latents.id }, params: { method: 'umap', learnRows: 1000, passes: 10 } }],
  ['t-SNE', { operation: 'embed', inputs: { latents: latents.id }, params: { method: 'tsne', learnRows: 300_000 } }],
  ['t-SNE, placing', { operation: 'embed', inputs: { latents: latents.id }, params: { method: 'tsne', learnRows: 1000, iterations: 50 } }],
]
let slowest = 0
for (const [name, request] of cases.filter(([name]) => name.includes(only))) {
  const took: number[] = []
  for (const ms of [50, 300, 800, 2000]) {
    const job = runner.run(request)
    // From when the user pressed the button: an engine that is too busy to notice is counted too.
    const pressed = performance.now() + ms
    await Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), job.finished.catch(() => undefined)])
    job.cancel()
    await job.finished.catch(() => undefined)
    took.push(Math.max(0, performance.now() - pressed))
  }
  const longest = Math.round(Math.max(...took))
  slowest = Math.max(slowest, longest)
  const versions = { node: process.version }
  if (json)
    console.log(JSON.stringify({ suite: 'cancel', case: name, ours: longest, peer: 1000, ratio: longest / 1000, unit: 'ms', versions }))
  else console.log(`${name.padEnd(52)} ${took.map((t) => t.toFixed(0).padStart(5)).join(' ')} ms`)
}
await close()
rmSync(folder, { recursive: true })
process.exitCode = slowest < 1000 ? 0 : 1
