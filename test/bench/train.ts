/**
 * Steps of training an autoencoder with Adam against PyTorch on the same shapes, both on all cores.
 *
 *   node test/bench/train.ts [--json] [--peer python3]
 *
 * A step picks its rows from resident data, runs forward, backward and optimiser. Best of three rounds taken in turn, so that other
 * work on the machine troubles both alike; PyTorch's idle threads are told to sleep (OMP_WAIT_POLICY=passive). Without a Python that
 * has torch only our side is timed, and said so.
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { emit } from '#engine/compute/emit/emit.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { mapValues } from '#engine/compute/step.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, traceTraining } from '#engine/train/trainingStep.ts'

const json = process.argv.includes('--json')
const peer = process.argv.includes('--peer') ? process.argv[process.argv.indexOf('--peer') + 1] : 'python3'
const threads = availableParallelism()
const rounds = 3
const rowsInMemory = 20_000
const cases = [
  { name: 'scene 10-64-16-4, 256 rows', widths: [10, 64, 16, 4], batch: 256, steps: 2000 },
  { name: 'table 30-16-8-2, 128 rows', widths: [30, 16, 8, 2], batch: 128, steps: 4000 },
  { name: 'wide 784-512-256-32, 256 rows', widths: [784, 512, 256, 32], batch: 256, steps: 32 },
]

const script = `
import sys, json, time, torch
widths, batch, steps, threads, rows = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)
sizes = widths + widths[-2::-1]
layers = []
for i in range(len(sizes) - 1):
    layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
    if i not in (len(widths) - 2, len(sizes) - 2): layers.append(torch.nn.ReLU())
net = torch.nn.Sequential(*layers)
adam = torch.optim.Adam(net.parameters(), 1e-3)
X = torch.randn(rows, widths[0])
picks = torch.randint(rows, (steps, batch))
def run(n):
    for i in range(n):
        x = X[picks[i]]
        loss = ((net(x) - x) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
run(min(steps, 10))
t = time.perf_counter()
run(steps)
print(json.dumps({'ms': (time.perf_counter() - t) * 1000 / steps, 'version': 'torch ' + torch.__version__}))
`

interface Case {
  readonly name: string
  readonly widths: readonly number[]
  readonly batch: number
  readonly steps: number
}

/** Milliseconds per step. */
async function ours({ widths, batch, steps }: Case): Promise<number> {
  const model = modelById('autoencoder')
  const d = widths[0]
  const built = model.build(model.params.parse({ encoder: widths.slice(1, -1), codeSize: widths.at(-1), activation: 'relu' }), d)
  if (built.kind !== 'gradient') throw new Error('an autoencoder is trained by gradient')
  const [stage] = built.stages
  const options = { optimiser: adam, gradientClip: 0, weightDecay: 0 }
  const weights = stage.initialWeights(initialiserOf(1))
  const packing = packingFor(stage, weights, options)
  const state = initialState(stage, packing, weights, adam)
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const inputs = { x: { shape: [rowsInMemory, d], values: Float32Array.from({ length: rowsInMemory * d }, (_, i) => draw(i)) } }
  const program = emit(traceTraining('bench', stage, packing, state, inputs, batch, options), 'loop')
  const scan = (n: number) => {
    const scalars = Array.from({ length: n }, (_, t) => scalarsAt(stage, options, 0.001, t, n))
    return {
      rows: { shape: [n, batch], values: Int32Array.from({ length: n * batch }, (_, i) => (i * 7919) % rowsInMemory) },
      key: { shape: [n], values: new Int32Array(n) },
      ...mapValues(scalars[0], (_, name) => ({ shape: [n], values: Float32Array.from(scalars, (at) => at[name]) })),
    }
  }
  const worker = new NumericWorker()
  const executor = await worker.open(program, threads)
  await executor.load({ state, inputs })
  await executor.run(scan(10), 10)
  const given = scan(steps)
  const started = performance.now()
  await executor.run(given, steps)
  const ms = (performance.now() - started) / steps
  await worker.close()
  return ms
}

function theirs({ widths, batch, steps }: Case): { ms: number; version: string } | null {
  try {
    const args = ['-c', script, JSON.stringify(widths), String(batch), String(steps), String(threads), String(rowsInMemory)]
    return JSON.parse(
      execFileSync(peer, args, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
      }),
    )
  } catch (thrown) {
    if (!json)
      process.stderr.write(
        `${peer} has no torch, only our side is timed (${thrown instanceof Error ? thrown.message.split('\n')[0] : thrown})\n`,
      )
    return null
  }
}

for (const one of cases) {
  let best = Number.POSITIVE_INFINITY
  let peerBest: { ms: number; version: string } | null = null
  for (let round = 0; round < rounds; round++) {
    best = Math.min(best, await ours(one))
    if (round > 0 && !peerBest) continue
    const run = theirs(one)
    if (run && (!peerBest || run.ms < peerBest.ms)) peerBest = run
  }
  const line = {
    suite: 'train',
    case: one.name,
    ours: best,
    peer: peerBest?.ms ?? null,
    ratio: peerBest ? peerBest.ms / best : null,
    unit: 'ms per step',
    versions: peerBest?.version ?? null,
  }
  const text = `${line.case}: ${best.toFixed(3)} ms per step${peerBest ? `, ${peerBest.version} ${peerBest.ms.toFixed(3)}, ${(line.ratio ?? 0).toFixed(2)} times as fast` : ''}`
  process.stdout.write(`${json ? JSON.stringify(line) : text}\n`)
}
