/**
 * What judges and tidies classes, against scikit-learn and GDAL on the same numbers in one call; seconds of processor time, one thread each.
 *
 *   node test/bench/validity.ts [--json] [--peer python3] [--only silhouette|k|sieve]
 *
 * Silhouette: of 2000 rows out of 200 000, as everywhere in the app (its most: rows so wide that fewer are looked at). All criteria of k: 2 … 12.
 * Sieve: 16 million pixels in three percent of specks. A peer that cannot be run is left out, and that is said.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseK } from '#engine/analysis/validity/chooseK.ts'
import type { KCriterion } from '#engine/analysis/validity/chooseKVerdicts.ts'
import { mappingUnits } from '#engine/analysis/maps/mappingUnit.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import { groups } from '../helpers/groups.ts'

const json = process.argv.includes('--json')
const peer = process.argv.includes('--peer') ? process.argv[process.argv.indexOf('--peer') + 1] : 'python3'
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined
const wanted = (part: string): boolean => only === undefined || only === part
const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))

interface Measured {
  readonly seconds: number
  readonly value: number
}

async function timed(work: () => Promise<number>): Promise<Measured> {
  const before = process.cpuUsage()
  const value = await work()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (user + system) / 1e6, value }
}

/** A script that leaves `seconds` and `value`. */
function peerSays(script: string, ...args: (string | number)[]): (Measured & { versions: string }) | null {
  const whole = `import json, sys, time, warnings\nwarnings.filterwarnings('ignore')\nimport numpy as np\n${script}\nprint(json.dumps({'seconds': seconds, 'value': float(value), 'versions': versions}))`
  try {
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
    return JSON.parse(
      execFileSync(peer, ['-c', whole, folder, ...args.map(String)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env }),
    )
  } catch (thrown) {
    if (!json)
      process.stdout.write(
        `no peer: ${peer} did not run it (${String((thrown as Error).message)
          .trim()
          .split('\n')
          .at(-1)})\n`,
      )
    return null
  }
}

function told(name: string, ours: Measured, theirs: ReturnType<typeof peerSays>, what: string): void {
  const ratio = theirs && ours.seconds / theirs.seconds
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ suite: 'validity', case: name, ours: ours.seconds, peer: theirs?.seconds ?? null, ratio, unit: 's', [what]: [ours.value, theirs?.value ?? null], versions: `node ${process.version}${theirs ? `, ${theirs.versions}` : ''}` })}\n`,
    )
    return
  }
  const against = theirs
    ? `peer ${theirs.seconds.toFixed(2)} s (${what} ${theirs.value})   ours/peer ${ratio?.toFixed(2)}   ${theirs.versions}`
    : 'peer none'
  process.stdout.write(`${name.padEnd(44)} ours ${ours.seconds.toFixed(2)} s (${what} ${ours.value})   ${against}\n`)
}

const silhouetteScript = `
import sklearn
from sklearn.metrics import silhouette_score
n, d, k = map(int, sys.argv[2:5])
X = np.fromfile(sys.argv[1] + '/rows.f32', np.float32).reshape(n, d)
silhouette_score(X[:100], np.arange(100) % 2)
t = time.process_time()
value = silhouette_score(X, np.arange(n) % k, sample_size=min(n, 2000), random_state=1)
seconds, versions = time.process_time() - t, 'scikit-learn ' + sklearn.__version__
`
const sieveScript = `
from osgeo import gdal
gdal.UseExceptions()
size = int(sys.argv[2])
a = np.fromfile(sys.argv[1] + '/classes.u16', np.uint16).reshape(size, size)
memory = gdal.GetDriverByName('MEM')
source, target = (memory.Create('', size, size, 1, gdal.GDT_UInt16) for _ in range(2))
source.GetRasterBand(1).WriteArray(a)
t = time.process_time()
gdal.SieveFilter(source.GetRasterBand(1), None, target.GetRasterBand(1), 10, 4)
seconds, versions = time.process_time() - t, 'GDAL ' + gdal.__version__
value = (target.GetRasterBand(1).ReadAsArray() != a).sum()
`

async function silhouettesBeside(): Promise<void> {
  for (const [n, d] of [
    [200_000, 4],
    [200_000, 64],
    [3000, 4096],
  ]) {
    const X = groups(n, d, 6, 2)
    const labels = Uint16Array.from({ length: n }, (_, i) => i % 6)
    writeFileSync(join(folder, 'rows.f32'), X)
    const ours = await timed(async () => (await silhouette(X, n, d, labels, 6, { seed: 1 })) ?? Number.NaN)
    told(`silhouette of ${n} × ${d}, sampled`, ours, peerSays(silhouetteScript, n, d, 6), 'silhouette')
  }
}

async function numbersOfClasses(): Promise<void> {
  const [n, d] = [20_000, 8]
  const X = groups(n, d, 6, 3)
  const sets: Readonly<Record<string, KCriterion[]>> = {
    'quick criteria': [],
    'with gap': ['gap'],
    'with BIC': ['bic'],
    'with stability': ['stability'],
  }
  for (const [name, criteria] of Object.entries(sets)) {
    const ours = await timed(async () => (await chooseK(X, n, d, { kMax: 12, seed: 1, criteria })).k)
    told(`k of ${n} × ${d}, ${name}`, ours, null, 'k')
  }
}

async function sievesBeside(): Promise<void> {
  const size = 4000
  const random = randomStream(1, 'bench/specks')
  const classes = Uint16Array.from({ length: size * size }, (_, i) => {
    const block = (Math.floor(i / size / 64) * 7 + Math.floor((i % size) / 64) * 3) % 6
    return 1 + (random.uniform() < 0.03 ? random.below(6) : block)
  })
  writeFileSync(join(folder, 'classes.u16'), classes)
  const read = (from: number, to: number): Uint16Array => classes.subarray(from * size, to * size)
  const theirs = peerSays(sieveScript, size)
  for (const giveTo of ['largest neighbour', 'longest border'] as const) {
    const ours = await timed(async () => {
      const mapped = await mappingUnits(read, size, size, { minPixels: 10, connectivity: 4, giveTo })
      const open = mapped.open()
      let changed = 0
      for (let y = 0; y < size; y += 100) {
        const lines = open(y, y + 100)
        for (let i = 0; i < lines.length; i++) changed += Number(lines[i] !== classes[y * size + i])
      }
      return changed
    })
    told(`sieve, ${giveTo}`, ours, theirs, 'pixels changed')
  }
}

try {
  if (wanted('silhouette')) await silhouettesBeside()
  if (wanted('k')) await numbersOfClasses()
  if (wanted('sieve')) await sievesBeside()
} finally {
  rmSync(folder, { recursive: true })
}
