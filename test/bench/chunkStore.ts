/**
 * Decoded rows read back from the chunk store, against the bytes of the same file read by node:fs alone.
 *
 *   node test/bench/chunkStore.ts [--json] [--megabytes 512]
 *
 * A table of 40 columns is recorded once as float32 and once as uint16, then read in turn with the raw file, three rounds of each, the
 * best of each side counts. `share` is the store's speed in bytes of its file; checksums and, for uint16, the way to float32
 * are part of it. Files lie in the system's page cache in both cases: the disk is the same for both sides.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cachedSource } from '#engine/data/chunkStore/cachedSource.ts'
import { recorded } from '#engine/data/chunkStore/record.ts'
import { ChunkStore } from '#engine/data/chunkStore/store.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { memorySource } from '../helpers/memorySource.ts'

const json = process.argv.includes('--json')
const megabytes = Number(process.argv[process.argv.indexOf('--megabytes') + 1]) || 512
const columns = 40
const rounds = 3
const perChunk = 100_000

/** Chunks of the same numbers, so that making them takes no time. */
function source(dtype: 'float32' | 'uint16'): OpenSource {
  const rows = Math.floor((megabytes * 1e6) / (columns * (dtype === 'float32' ? 4 : 2)))
  const made = memorySource(0, columns, () => 0, perChunk)
  const X = Float32Array.from({ length: perChunk * columns }, (_, i) => (dtype === 'float32' ? Math.sin(i) : (i * 7919) % 65_536))
  const valid = new Uint8Array(perChunk).fill(1)
  return {
    ...made,
    report: { ...made.report, rows, dtype },
    async *chunks() {
      for (let start = 0; start < rows; start += perChunk) {
        const n = Math.min(perChunk, rows - start)
        yield { start, n, X: X.subarray(0, n * columns), valid: valid.subarray(0, n) }
      }
    },
  }
}

const secondsOf = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function readRaw(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    for (let at = 0; at < size; at += 32 << 20) {
      // A new buffer each time, as a reader that gives its chunks away needs.
      const { bytesRead } = await file.read(new Uint8Array(Math.min(32 << 20, size - at)), 0, Math.min(32 << 20, size - at), at)
      if (bytesRead === 0) break
    }
  } finally {
    await file.close()
  }
}

async function readStored(store: ChunkStore, dtype: string): Promise<void> {
  const pieces = await store.open(dtype)
  if (!pieces) throw new Error(`${dtype} was not recorded`)
  const cached = cachedSource(pieces, {
    path: '',
    open: () => Promise.reject(new Error('the source is not needed')),
    failed: async () => {},
  })
  let rows = 0
  for await (const { n } of cached.chunks()) rows += n
  if (rows !== pieces.index.rows) throw new Error(`${rows} of ${pieces.index.rows} rows`)
  await cached.close()
}

const folder = mkdtempSync(join(tmpdir(), 'stratum-bench-'))
try {
  const store = new ChunkStore(folder)
  const always = { leastBytes: 0, fastBytesPerSecond: Number.POSITIVE_INFINITY, mostTimesTheFile: Number.POSITIVE_INFINITY }
  for (const dtype of ['float32', 'uint16'] as const) {
    const write = await secondsOf(async () => {
      for await (const _ of recorded(source(dtype), store, dtype, always).chunks());
    })
    const path = join(folder, `${dtype}.chunks`)
    const bytes = (await store.info()).bytes
    let [raw, stored] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (let round = 0; round < rounds; round++) {
      raw = Math.min(raw, await secondsOf(() => readRaw(path)))
      stored = Math.min(stored, await secondsOf(() => readStored(store, dtype)))
    }
    const speed = (seconds: number): number => Math.round(bytes / 1e6 / seconds)
    const line = {
      case: dtype,
      megabytes: Math.round(bytes / 1e6),
      writeMBs: speed(write),
      rawMBs: speed(raw),
      storeMBs: speed(stored),
      share: Number((raw / stored).toFixed(2)),
    }
    process.stdout.write(
      json
        ? `${JSON.stringify(line)}\n`
        : `${dtype.padEnd(8)} ${line.megabytes} MB  written at ${line.writeMBs} MB/s  read raw ${line.rawMBs} MB/s, from the store ${line.storeMBs} MB/s (${line.share})\n`,
    )
    await store.remove(dtype)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
