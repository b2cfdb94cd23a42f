/**
 * Steps of training against PyTorch on the same shapes, both on all cores.
 *
 *   node test/bench/train.ts [--json] [--peer python3] [--only NAME]
 *
 * A step picks its rows from resident data, runs forward, backward and Adam. Rounds are taken in turn, so that other work on the
 * machine troubles both alike, and the best of each side counts; see torchPeer.ts for how PyTorch is set up. `peak` is the share
 * of the machine's measured matrix speed that our step's matrix products reach, everything else in the step counted as time.
 */
import { availableParallelism } from 'node:os'
import { modelById } from '#engine/models/registry.ts'
import { sgemmPeak } from './sgemmPeak.ts'
import { stepTime } from './stepTime.ts'
import { type PeerRun, torchRun } from './torchPeer.ts'

const json = process.argv.includes('--json')
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : ''
const threads = availableParallelism()
const rounds = 4
const rowsInMemory = 20_000

interface Case {
  readonly name: string
  readonly model: string
  readonly params: Readonly<Record<string, unknown>>
  /** Units of every layer from the input to the code. */
  readonly widths: readonly number[]
  readonly batch: number
  readonly steps: number
  /** Rows kept in memory. */
  readonly rows?: number
  /** Multiply-adds of a step's matrix products, per row. */
  readonly work: number
  /** Python that defines `loss(x)` and `parameters` for the widths W. */
  readonly torch: string
}

/** A layer's product is computed forward, and backward for its weights and its input; the first layer's input needs no gradient. */
const chainWork = (sizes: readonly number[]): number => sizes.slice(1).reduce((sum, n, i) => sum + sizes[i] * n * (i === 0 ? 2 : 3), 0)
const mirrored = (widths: readonly number[]): number[] => [...widths, ...widths.slice(0, -1).reverse()]

const autoencoder = (name: string, widths: readonly number[], batch: number, steps: number): Case => ({
  name,
  model: 'autoencoder',
  params: { encoder: widths.slice(1, -1), codeSize: widths.at(-1), activation: 'relu' },
  widths,
  batch,
  steps,
  work: chainWork(mirrored(widths)),
  torch: `
sizes = W + W[-2::-1]
layers = []
for i in range(len(sizes) - 1):
    layers.append(torch.nn.Linear(sizes[i], sizes[i + 1]))
    if i not in (len(W) - 2, len(sizes) - 2): layers.append(torch.nn.ReLU())
net = torch.nn.Sequential(*layers)
parameters = list(net.parameters())
loss = lambda x: ((net(x) - x) ** 2).mean()`,
})

const cases: readonly Case[] = [
  autoencoder('scene 10-64-16-4, 256 rows', [10, 64, 16, 4], 256, 2000),
  autoencoder('table 30-16-8-2, 128 rows', [30, 16, 8, 2], 128, 4000),
  autoencoder('dense 784-512-256-32, 256 rows', [784, 512, 256, 32], 256, 40),
  {
    name: 'vae 2000-256-64-10, 128 rows',
    model: 'vae',
    params: { encoder: [256, 64], codeSize: 10, activation: 'relu' },
    widths: [2000, 256, 64, 10],
    batch: 128,
    steps: 64,
    rows: 4000,
    work: chainWork(mirrored([2000, 256, 64, 10])) + 3 * 64 * 10,
    torch: `
L = torch.nn.Linear
encoder = torch.nn.Sequential(L(W[0], W[1]), torch.nn.ReLU(), L(W[1], W[2]), torch.nn.ReLU())
mean, spread = L(W[2], W[3]), L(W[2], W[3])
decoder = torch.nn.Sequential(L(W[3], W[2]), torch.nn.ReLU(), L(W[2], W[1]), torch.nn.ReLU(), L(W[1], W[0]))
parameters = [p for part in (encoder, mean, spread, decoder) for p in part.parameters()]
def loss(x):
    h = encoder(x)
    mu, logvar = mean(h), spread(h)
    z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
    return 0.5 * ((decoder(z) - x) ** 2).sum(1).mean() - 0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1).mean()`,
  },
]

const scriptOf = ({ torch }: Case): string => `
import sys, json, time, torch
given = json.loads(sys.argv[1])
W, batch, steps, rows = given['widths'], given['batch'], given['steps'], given['rows']
torch.set_num_threads(given['threads'])
${torch}
adam = torch.optim.Adam(parameters, 1e-3)
X = torch.randn(rows, W[0])
picks = torch.randint(rows, (steps, batch))
def run(n):
    for i in range(n):
        value = loss(X[picks[i]])
        adam.zero_grad()
        value.backward()
        adam.step()
run(min(steps, 10))
t = time.perf_counter()
run(steps)
print(json.dumps({'ms': (time.perf_counter() - t) * 1000 / steps, 'version': 'torch ' + torch.__version__}))
`

/** Milliseconds per step. */
async function ours({ model: id, params, widths, batch, steps, rows = rowsInMemory }: Case): Promise<number> {
  const model = modelById(id)
  const built = model.build(model.params.parse(params), widths[0])
  if (built.kind !== 'gradient') throw new Error(`${id} is not trained by gradient`)
  return await stepTime(built.stages[0], { rows, columns: widths[0], batch, steps, warmUp: 10, threads })
}

const peak = await sgemmPeak(threads)
for (const one of cases.filter(({ name }) => name.includes(only))) {
  let best = Number.POSITIVE_INFINITY
  let peer: PeerRun | null = null
  for (let round = 0; round < rounds; round++) {
    best = Math.min(best, await ours(one))
    const { widths, batch, steps, rows = rowsInMemory } = one
    const run: PeerRun | null = round > 0 && !peer ? null : torchRun(scriptOf(one), { widths, batch, steps, rows, threads })
    if (run && (!peer || run.ms < peer.ms)) peer = run
  }
  const share = (2 * one.work * one.batch) / (best / 1000) / 1e9 / peak
  const line = {
    suite: 'train',
    case: one.name,
    ours: best,
    peer: peer?.ms ?? null,
    ratio: peer ? peer.ms / best : null,
    unit: 'ms per step',
    sgemmPeakGflops: peak,
    shareOfPeak: share,
    versions: peer?.version ?? null,
  }
  const against = peer ? `, ${peer.version} ${peer.ms.toFixed(3)}, ${(peer.ms / best).toFixed(2)} times as fast` : ''
  const text = `${one.name}: ${best.toFixed(3)} ms per step${against}; ${(100 * share).toFixed(0)} % of ${peak.toFixed(0)} GFLOP/s`
  process.stdout.write(`${json ? JSON.stringify(line) : text}\n`)
}
