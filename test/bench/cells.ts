/**
 * Importing and preparing a million cells by 2000 genes, 5 % filled, against anndata's backed mode on the same file: memory must
 * stay below 1 GB, and streaming is compared with a loop that makes the same blocks of cells dense in Python.
 *
 *   node test/bench/cells.ts [--json] [--peer /usr/bin/python3] [--rows 1e6] [--compression none|lzf|gzip] [--layout csr|csc]
 *
 * The file (about 0.8 GB uncompressed) is written by test/fixtures/make/sparseCells.py to a temporary folder and removed. Each
 * side runs in a process of its own, in turn; peak memory is that of the process, its threads and libraries included.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peakMemoryMB } from '#engine/peakMemory.ts'

const after = (flag: string, otherwise: string): string =>
  process.argv.includes(flag) ? (process.argv[process.argv.indexOf(flag) + 1] ?? otherwise) : otherwise

const peer = after('--peer', '/usr/bin/python3')
const mostMB = 1000

interface Side {
  readonly seconds: number
  /** User and system time of the process and its threads. */
  readonly cpuSeconds: number
  readonly peakMB: number
  readonly total: number
}

/** Blocks of 4096 cells made dense and added up; by genes (CSC) the backed mode of anndata reads all for every block, so there the matrix is read whole. */
const peerScript = `
import sys, json, time, resource, anndata, numpy
t = time.perf_counter()
a = anndata.read_h5ad(sys.argv[1], backed='r')
X = a.X if sys.argv[2] == 'csr' else a.X[:].tocsr()
total = 0.0
for start in range(0, a.n_obs, 4096):
    total += float(X[start:start + 4096].toarray().sum(dtype=numpy.float64))
use = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({'seconds': time.perf_counter() - t, 'cpuSeconds': use.ru_utime + use.ru_stime, 'total': total, 'peakMB': use.ru_maxrss / 1024}))
`

function run(program: string, args: readonly string[]): Side | null {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Side
  process.stderr.write(`${program} ended with ${status}: ${stderr.slice(-500)}\n`)
  return null
}

function say(started: number, total: number): void {
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  const side: Side = {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    total,
    peakMB: peakMemoryMB(),
  }
  process.stdout.write(`${JSON.stringify(side)}\n`)
}

async function streamInChild(path: string): Promise<void> {
  const { openSource } = await import('../../src-main/engine/data/inspect.ts')
  const started = performance.now()
  const source = await openSource(path)
  let total = 0
  for await (const { X } of source.chunks()) for (let i = 0; i < X.length; i++) total += X[i] as number
  await source.close()
  say(started, total)
}

async function prepareInChild(path: string, projectPath: string): Promise<void> {
  const { openWorkbench } = await import('../helpers/workbench.ts')
  const bench = openWorkbench(projectPath)
  const started = performance.now()
  const dataset = await bench.compute('import', {}, { path })
  const imported = performance.now()
  const prepared = await bench.compute('prepare', { dataset: dataset.id }, {})
  process.stderr.write(
    `import ${((imported - started) / 1000).toFixed(1)} s, prepare ${((performance.now() - imported) / 1000).toFixed(1)} s\n`,
  )
  await bench.close()
  say(started, Number((prepared.meta as { rows?: number }).rows ?? 0))
}

function measure(): void {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))
  const path = join(folder, 'cells.h5ad')
  const layout = after('--layout', 'csr')
  const self = fileURLToPath(import.meta.url)
  try {
    const maker = fileURLToPath(new URL('../fixtures/make/sparseCells.py', import.meta.url))
    const made = spawnSync(peer, [maker, path, after('--rows', '1e6'), '2000', '0.05', after('--compression', 'none'), layout], {
      encoding: 'utf8',
    })
    if (made.status !== 0) throw new Error(`writing the file needs Python with h5py: ${made.stderr.slice(-300)}`)
    const stored = Number(made.stdout)
    const python = run(peer, ['-c', peerScript, path, layout])
    const stream = run(process.execPath, [self, '--stream', path])
    const prepare = run(process.execPath, [self, '--prepare', path, join(folder, 'bench.stratum')])
    const sizeMB = statSync(path).size / 1e6
    if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ sizeMB, stored, python, stream, prepare })}\n`)
    else {
      const line = (name: string, side: Side | null): string =>
        side
          ? `${name.padEnd(34)} ${side.seconds.toFixed(1).padStart(7)} s ${side.cpuSeconds.toFixed(1).padStart(7)} s of processor ${(sizeMB / side.seconds).toFixed(0).padStart(6)} MB/s ${side.peakMB.toFixed(0).padStart(6)} MB peak\n`
          : `${name.padEnd(34)} failed\n`
      process.stdout.write(`${(sizeMB / 1000).toFixed(2)} GB, ${(stored / 1e6).toFixed(0)} million stored values\n`)
      process.stdout.write(
        line('anndata backed, dense blocks', python) + line('ours, dense blocks', stream) + line('ours, import and prepare', prepare),
      )
      if (python && stream && Math.abs(python.total - stream.total) > 1e-6 * python.total) process.stdout.write('the sums differ\n')
    }
    const peak = Math.max(stream?.peakMB ?? Number.POSITIVE_INFINITY, prepare?.peakMB ?? Number.POSITIVE_INFINITY)
    if (peak > mostMB) {
      process.stderr.write(`peak memory ${peak.toFixed(0)} MB is over ${mostMB} MB\n`)
      process.exitCode = 1
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv.includes('--stream')) await streamInChild(after('--stream', ''))
else if (process.argv.includes('--prepare')) {
  const at = process.argv.indexOf('--prepare')
  await prepareInChild(process.argv[at + 1] ?? '', process.argv[at + 2] ?? '')
} else measure()
