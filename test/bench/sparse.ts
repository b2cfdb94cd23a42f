/**
 * Steps of training a TopK sparse autoencoder, 512 columns, 32 of 8192 codes, 1024 rows, against PyTorch's ordinary dense way.
 *
 *   node test/bench/sparse.ts [--json] [--peer python3]
 *
 * Both sides: rows picked from resident data, encode, top-k, rectify, decode, squared error, gradients, Adam, directions of the decoder
 * kept at length one (its gradient without the part along the row, the row divided by its length). PyTorch scatters the codes into a
 * matrix and multiplies that, as implementations do. Rounds are taken in turn and the best of each side counts; see torchPeer.ts.
 * Beside it the one full product that a sparse step cannot do without, as share of what the machine multiplies at best.
 */
import { availableParallelism } from 'node:os'
import { saeTopK } from '#engine/models/sae/topK.ts'
import { sgemmPeak } from './sgemmPeak.ts'
import { stepTime } from './stepTime.ts'
import { type PeerRun, torchRun } from './torchPeer.ts'

const json = process.argv.includes('--json')
const threads = availableParallelism()
const [D, M, k, B, rows, rounds, steps] = [512, 8192, 32, 1024, 4096, 3, 6]

const script = `
import sys, json, time, torch
given = json.loads(sys.argv[1])
D, M, k, B, rows, steps = (given[name] for name in ('D', 'M', 'k', 'B', 'rows', 'steps'))
torch.set_num_threads(given['threads'])
unit = lambda w: w / w.norm(dim=1, keepdim=True)
W_dec = unit(torch.randn(M, D)).requires_grad_()
W_enc = W_dec.detach().clone().requires_grad_()
b_enc, b_dec = torch.zeros(M, requires_grad=True), torch.zeros(D, requires_grad=True)
adam = torch.optim.Adam([W_enc, b_enc, W_dec, b_dec], 1e-3, foreach=True)
X = torch.randn(rows, D)
picks = torch.randint(rows, (steps, B))
def run(n):
    for i in range(n):
        x = X[picks[i]]
        pre = (x - b_dec) @ W_enc.T + b_enc
        top = torch.topk(pre, k)
        codes = torch.zeros_like(pre).scatter(1, top.indices, torch.relu(top.values))
        loss = ((codes @ W_dec + b_dec - x) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        with torch.no_grad():
            W_dec.grad.sub_((W_dec.grad * W_dec).sum(1, keepdim=True) * W_dec)
            adam.step()
            W_dec.div_(W_dec.norm(dim=1, keepdim=True))
run(2)
t = time.perf_counter()
run(steps)
print(json.dumps({'ms': (time.perf_counter() - t) * 1000 / steps, 'version': 'torch ' + torch.__version__}))
`

/** Milliseconds per step. */
async function ours(auxiliaryWeight: number): Promise<number> {
  const built = saeTopK.build(saeTopK.params.parse({ codeSize: M, k, batchSize: B, auxiliaryWeight }), D)
  if (built.kind !== 'gradient') throw new Error('a sparse autoencoder is trained by gradient')
  return await stepTime(built.stages[0], { rows, columns: D, batch: B, steps, warmUp: 2, threads })
}

const peak = await sgemmPeak(threads)
// PyTorch's way is timed without the loss for dead codes, which makes that comparison the harder one for us.
const cases = [
  { name: 'topk 512 → 8192, k 32, 1024 rows', auxiliaryWeight: 0, best: Number.POSITIVE_INFINITY },
  { name: 'the same with the loss for dead codes', auxiliaryWeight: 1 / 32, best: Number.POSITIVE_INFINITY },
]
let peer: PeerRun | null = null
for (let round = 0; round < rounds; round++) {
  for (const one of cases) one.best = Math.min(one.best, await ours(one.auxiliaryWeight))
  const run: PeerRun | null = round > 0 && !peer ? null : torchRun(script, { D, M, k, B, rows, steps, threads })
  if (run && (!peer || run.ms < peer.ms)) peer = run
}
for (const { name, best } of cases) {
  const share = (2 * B * D * M) / 1e9 / (best / 1000) / peak
  const line = {
    suite: 'sparse',
    case: name,
    ours: best,
    peer: peer?.ms ?? null,
    ratio: peer ? peer.ms / best : null,
    unit: 'ms per step',
    sgemmPeakGflops: peak,
    shareOfPeak: share,
    versions: peer?.version ?? null,
  }
  const against = peer ? `, ${peer.version} ${peer.ms.toFixed(0)}, ${(peer.ms / best).toFixed(2)} times as fast` : ''
  const text = `${name}: ${best.toFixed(0)} ms per step${against}; the one full product alone would be ${(100 * share).toFixed(0)} % of ${peak.toFixed(0)} GFLOP/s`
  process.stdout.write(`${json ? JSON.stringify(line) : text}\n`)
}
