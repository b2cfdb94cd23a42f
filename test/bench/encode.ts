/**
 * Pixels encoded per second: a scene of 10 bands through an encoder 10-64-32-4, and back for the error of each pixel.
 *
 *   node test/bench/encode.ts [--json] [--peer python3] [--only network|scene]
 *
 * The bar is 5 Mpixel/s for codes with ReLU on two cores. Rounds are taken in turn with PyTorch on the same network (the better of
 * two block sizes and of its settings, see torchPeer.ts), and the best of each side counts. `peak` is the share of the machine's
 * measured matrix speed that the products alone reach, everything else counted as time. Then the whole operation is timed, from
 * file to project on a scene of 4 Mpixel, and its parts by themselves.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { openDataset } from '#engine/data/import.ts'
import { applyPipeline } from '#engine/data/prepare.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { openWorkbench } from '../helpers/workbench.ts'
import { sgemmPeak } from './sgemmPeak.ts'
import { type PeerRun, torchRun } from './torchPeer.ts'

const json = process.argv.includes('--json')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : null
const threads = availableParallelism()
const [d, hidden, codeSize] = [10, [64, 32], 4]
const rows = 1 << 20
const rounds = 3
const bar = 5

const sizes = [d, ...hidden, codeSize]
const workPerRow = 2 * sizes.slice(1).reduce((sum, n, i) => sum + n * sizes[i], 0)

/** Milliseconds for all rows with either side's network. */
const script = `
import sys, json, time, torch
given = json.loads(sys.argv[1])
torch.set_num_threads(given['threads'])
sizes, rows = given['sizes'], given['rows']
bend = torch.nn.ReLU if given['activation'] == 'relu' else torch.nn.ELU
def chain(widths):
    layers = []
    for i in range(len(widths) - 1):
        layers.append(torch.nn.Linear(widths[i], widths[i + 1]))
        if i < len(widths) - 2: layers.append(bend())
    return torch.nn.Sequential(*layers)
encoder, decoder = chain(sizes), chain(sizes[::-1])
X = torch.randn(rows, sizes[0])
codes, error = torch.empty(rows, sizes[-1]), torch.empty(rows)
def run(block):
    for at in range(0, rows, block):
        x = X[at:at + block]
        z = encoder(x)
        codes[at:at + block] = z
        if given['error']: error[at:at + block] = ((x - decoder(z)) ** 2).mean(1)
best = None
with torch.no_grad():
    for block in (4096, 65536):
        run(block)
        t = time.perf_counter()
        run(block)
        ms = (time.perf_counter() - t) * 1000
        best = ms if best is None or ms < best else best
print(json.dumps({'ms': best, 'version': 'torch ' + torch.__version__}))
`

function say(line: Record<string, unknown> & { case: string; ours: number }, text: string): void {
  process.stdout.write(
    `${json ? JSON.stringify({ suite: 'encode', ...line, versions: line.versions ?? `node ${process.version}` }) : text}\n`,
  )
}

if (only !== 'scene') await network()
if (only !== 'network') await wholeOperation()

async function network(): Promise<void> {
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const X = new Float32Array(new SharedArrayBuffer(rows * d * 4)).map((_, i) => draw(i))
  const model = modelById('autoencoder')
  let reached = 0

  for (const activation of ['relu', 'elu']) {
    const params = { encoder: hidden, codeSize, activation }
    const built = model.build(model.params.parse(params), d)
    if (built.kind !== 'gradient') throw new Error('an autoencoder is trained by gradient')
    const encoder = await openEncoder({ model, params, inputDim: d, weights: built.stages[0].initialWeights(initialiserOf(1)), threads })
    for (const error of [false, true]) {
      const run = async (): Promise<number> => {
        const started = performance.now()
        await (error ? encoder.encode(X, rows) : encoder.codes(X, rows))
        return performance.now() - started
      }
      await run()
      let best = Number.POSITIVE_INFINITY
      let peer: PeerRun | null = null
      let peak = 0
      for (let round = 0; round < rounds; round++) {
        best = Math.min(best, await run(), await run())
        peak = Math.max(peak, await sgemmPeak(threads))
        if (round > 0 && !peer) continue
        const theirs = torchRun(script, { threads, sizes, rows, activation, error })
        if (theirs && (!peer || theirs.ms < peer.ms)) peer = theirs
      }
      const speed = rows / best / 1000
      const gflops = (speed * workPerRow * (error ? 2 : 1)) / 1000
      if (activation === 'relu' && !error) reached = speed
      const what = `${sizes.join('-')} ${activation}, ${error ? 'codes and error' : 'codes'}`
      say(
        {
          case: what,
          ours: speed,
          peer: peer && rows / peer.ms / 1000,
          ratio: peer && peer.ms / best,
          unit: 'Mpixel/s',
          gflops,
          peak: gflops / peak,
          versions: peer?.version,
        },
        `${what.padEnd(36)} ${speed.toFixed(2).padStart(6)} Mpixel/s, ${gflops.toFixed(0)} GFLOP/s, ${((100 * gflops) / peak).toFixed(0)} % of ${peak.toFixed(0)}${
          peer ? `; ${peer.version} ${(rows / peer.ms / 1000).toFixed(2)}, ${(peer.ms / best).toFixed(2)} times as fast` : ''
        }`,
      )
    }
    await encoder.close()
  }
  process.exitCode = reached >= bar ? 0 : 1
}

/** From a GeoTIFF of 4 Mpixel to codes and errors in the project, and each part of it by itself. */
async function wholeOperation(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-encode-'))
  const { compute, project, close } = openWorkbench(join(folder, 'encode.stratum'), { threads })
  const side = 2048
  const dataset = await compute('sample', {}, { directory: folder, width: side, height: side })
  const matrix = await compute('prepare', { dataset: dataset.id }, { rows: 20_000 })
  const settings = { encoder: hidden, codeSize, activation: 'relu', epochs: 1 }
  const trained = await compute('train', { matrix: matrix.id }, { model: 'autoencoder', settings })
  const started = performance.now()
  await compute('encode', { model: trained.id })
  const whole = performance.now() - started

  let at = performance.now()
  const lap = (): number => {
    const before = at
    at = performance.now()
    return at - before
  }
  const { steps, columnIndex } = matrix.meta as unknown as MatrixMeta
  const open = await openDataset(dataset.meta as unknown as DatasetMeta, project.path)
  let [reading, preparing] = [0, 0]
  lap()
  for await (const { X: chunk, n } of open.chunks({ columns: columnIndex })) {
    reading += lap()
    applyPipeline(steps, chunk, n, columnIndex.length)
    preparing += lap()
  }
  await open.close()
  await close()
  rmSync(folder, { recursive: true })
  const speed = side ** 2 / whole / 1000
  say(
    {
      case: 'encode operation, 4 Mpixel from file to project',
      ours: speed,
      peer: null,
      ratio: null,
      unit: 'Mpixel/s',
      readingMs: reading,
      preparingMs: preparing,
      wholeMs: whole,
    },
    `encode operation, 4 Mpixel from file to project: ${speed.toFixed(2)} Mpixel/s (${whole.toFixed(0)} ms; reading alone ${reading.toFixed(0)}, preparing alone ${preparing.toFixed(0)})`,
  )
}
