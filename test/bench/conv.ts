/**
 * Steps of training a convolutional autoencoder against PyTorch on the same shapes, both on all cores.
 *
 *   node test/bench/conv.ts [--json] [--peer python3] [--rounds 4]
 *
 * 28 × 28 → 14 × 14 × 16 → 7 × 7 × 32 → 32 numbers and back, windows 3 × 3, stride 2, 64 images a step, Adam. Rounds are taken in
 * turn, so that other work on the machine troubles both alike, and the best of each side counts; see torchPeer.ts for how PyTorch is
 * set up.
 */
import { availableParallelism } from 'node:os'
import { convolutional } from '../helpers/convolutional.ts'
import { stepTime } from './stepTime.ts'
import { type PeerRun, torchRun } from './torchPeer.ts'

const json = process.argv.includes('--json')
const rounds = process.argv.includes('--rounds') ? Number(process.argv[process.argv.indexOf('--rounds') + 1]) : 4
const threads = availableParallelism()
const [batch, steps, rows] = [64, 40, 4096]

const script = `
import sys, json, time, torch
given = json.loads(sys.argv[1])
batch, steps, rows = given['batch'], given['steps'], given['rows']
torch.set_num_threads(given['threads'])
nn = torch.nn
encoder = nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
                        nn.Flatten(), nn.Linear(1568, 32))
decoder = nn.Sequential(nn.Linear(32, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
                        nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
                        nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1, output_padding=1))
adam = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-3)
X = torch.rand(rows, 1, 28, 28)
picks = torch.randint(rows, (steps, batch))
def run(n):
    for i in range(n):
        x = X[picks[i]]
        loss = ((decoder(encoder(x)) - x) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
run(10)
t = time.perf_counter()
run(steps)
print(json.dumps({'ms': (time.perf_counter() - t) * 1000 / steps, 'version': 'torch ' + torch.__version__}))
`

/** Milliseconds per step. */
const ours = (): Promise<number> => stepTime(convolutional(28, [16, 32], 32), { rows, columns: 28 * 28, batch, steps, warmUp: 10, threads })

let best = Number.POSITIVE_INFINITY
const peers: PeerRun[] = []
for (let round = 0; round < rounds; round++) {
  best = Math.min(best, await ours())
  const run = round > peers.length ? null : torchRun(script, { batch, steps, rows, threads })
  if (run) peers.push(run)
}
const peer = peers.sort((a, b) => a.ms - b.ms).at(0) ?? null
const line = {
  suite: 'conv',
  case: 'conv 28×28, 16/32 filters, 64 images',
  ours: best,
  peer: peer?.ms ?? null,
  ratio: peer ? peer.ms / best : null,
  unit: 'ms per step',
  versions: peer?.version ?? null,
}
const against = peer ? `, ${peer.version} ${peer.ms.toFixed(2)}, ${(peer.ms / best).toFixed(2)} times as fast` : ''
process.stdout.write(`${json ? JSON.stringify(line) : `${line.case}: ${best.toFixed(2)} ms per step${against}`}\n`)
