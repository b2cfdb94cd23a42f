/**
 * Importing a large table against pandas.read_csv on the same file: detection, fingerprint, types, values and summaries of every
 * column on our side, the frame in memory on the other.
 *
 *   node test/bench/csv.ts [--json] [--peer /usr/bin/python3] [--size 2e9] [--digits short|full] [--rounds 1] [--keep FOLDER]
 *
 * 40 columns of numbers, seeded: `short` as instruments write them (two to six decimals, every fourth column whole numbers), `full`
 * with the 16 to 17 digits that a double prints. Each side runs in a process of its own, in turn, so that other work on the machine
 * troubles both alike; the best round of each counts. Peak memory is that of the process, its threads and libraries included.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peakMemoryMB } from '#engine/peakMemory.ts'

const columns = 40
const after = (flag: string, otherwise: string): string =>
  process.argv.includes(flag) ? (process.argv[process.argv.indexOf(flag) + 1] ?? otherwise) : otherwise

/** Rows are drawn from this many different lines, which makes writing fast and leaves nothing to be gained from repetition. */
const differentLines = 20_000

function generate(path: string, bytes: number, digits: string): void {
  let state = 1
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed ^= mixed >>> 13
    return (mixed >>> 0) / 4_294_967_296
  }
  const field = (value: number, j: number): string =>
    digits === 'full' ? String(value) : j % 4 === 0 ? String(Math.round(value * 1000)) : value.toFixed(2 + (j % 5))
  const lines = Array.from({ length: differentLines }, () =>
    Buffer.from(`${Array.from({ length: columns }, (_, j) => field((next() + next() - 1) * (1 + j), j)).join(',')}\n`),
  )
  const file = openSync(path, 'w')
  let written = writeSync(file, `${Array.from({ length: columns }, (_, j) => `c${j}`).join(',')}\n`)
  while (written < bytes) {
    const block = Buffer.concat(Array.from({ length: 4096 }, () => lines[Math.floor(next() * differentLines)] as Buffer))
    written += writeSync(file, block)
  }
  closeSync(file)
}

interface Side {
  readonly seconds: number
  readonly peakMB: number
  readonly rows: number
  readonly version: string
}

const peerScript = `
import sys, json, time, resource
import pandas
t = time.perf_counter()
frame = pandas.read_csv(sys.argv[1])
print(json.dumps({'seconds': time.perf_counter() - t, 'rows': len(frame), 'version': 'pandas ' + pandas.__version__,
                  'peakMB': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
`

function run(program: string, args: readonly string[]): Side | null {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Side
  process.stderr.write(`${program} ended with ${status}: ${stderr.slice(-500)}\n`)
  return null
}

async function importInChild(path: string, projectPath: string): Promise<void> {
  const { openWorkbench } = await import('../helpers/workbench.ts')
  const bench = openWorkbench(projectPath)
  const started = performance.now()
  const { meta } = await bench.compute('import', {}, { path })
  const seconds = (performance.now() - started) / 1000
  const { rows } = meta as { rows: number }
  await bench.close()
  process.stdout.write(`${JSON.stringify({ seconds, rows, peakMB: peakMemoryMB(), version: process.version } satisfies Side)}\n`)
}

/** A file that is kept is not written again. */
function measure(): void {
  const [bytes, digits] = [Number(after('--size', '2e9')), after('--digits', 'short')]
  const kept = after('--keep', '')
  const folder = kept || mkdtempSync(join(tmpdir(), 'stratum-bench-'))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `table-${digits}-${bytes}.csv`)
  if (!existsSync(path)) generate(path, bytes, digits)
  const ours: Side[] = []
  const theirs: Side[] = []
  for (let round = 0; round < Number(after('--rounds', '1')); round++) {
    const mine = run(process.execPath, [fileURLToPath(import.meta.url), '--child', path, join(folder, 'bench.stratum')])
    if (mine) ours.push(mine)
    const other = run(after('--peer', '/usr/bin/python3'), ['-c', peerScript, path])
    if (other) theirs.push(other)
  }
  const size = statSync(path).size
  rmSync(kept ? join(folder, 'bench.stratum') : folder, { recursive: true, force: true })
  const fastest = (sides: Side[]): Side | null => sides.sort((a, b) => a.seconds - b.seconds)[0] ?? null
  const [mine, other] = [fastest(ours), fastest(theirs)]
  if (!mine) throw new Error('the import did not end')
  const peakMB = Math.max(...ours.map((side) => side.peakMB))
  if (other && other.rows !== mine.rows) throw new Error(`${mine.rows} rows were read, ${other.rows} by the peer`)
  const ratio = other ? mine.seconds / other.seconds : null
  const line = {
    suite: 'csv',
    case: `import of ${(size / 1e9).toFixed(2)} GB, ${columns} columns, ${digits} digits`,
    ours: mine.seconds,
    peer: other?.seconds ?? null,
    ratio,
    unit: 's',
    peakMB,
    peerPeakMB: other?.peakMB ?? null,
    rows: mine.rows,
    versions: other?.version ?? null,
  }
  const against = other
    ? `; ${other.version} ${other.seconds.toFixed(1)} s, ${other.peakMB.toFixed(0)} MB; ${(ratio as number).toFixed(2)} times its time`
    : ''
  const text = `${line.case}: ${mine.seconds.toFixed(1)} s, ${(size / 1e6 / mine.seconds).toFixed(0)} MB/s, peak ${peakMB.toFixed(0)} MB${against}`
  process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(line) : text}\n`)
}

const child = process.argv.indexOf('--child')
if (child > 0) await importInChild(process.argv[child + 1] as string, process.argv[child + 2] as string)
else measure()
