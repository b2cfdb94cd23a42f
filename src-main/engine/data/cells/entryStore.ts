/**
 * Entries of a sparse matrix that come in any order (row, column, value), given back row by row. Up to four million are sorted in
 * memory. More go to a nameless file in the temporary folder, first as they come and then, unless they came by rows, cut into
 * stretches of rows of at most two million entries each; a stretch is sorted when it is read.
 * Memory: 16 bytes a row, 96 MB of entries. Disk: 12 bytes an entry, twice when they came unordered.
 */
import { type FileHandle, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StratumError, throwIfCancelled } from '#common/errors.ts'

export interface Entries {
  readonly rows: Uint32Array
  readonly columns: Uint32Array
  readonly values: Float32Array
  readonly n: number
}

/** Entries of the rows [first, last), row r's from starts[r − first]. */
interface Stretch {
  readonly first: number
  readonly last: number
  readonly starts: Uint32Array
  readonly columns: Uint32Array
  readonly values: Float32Array
}

const mostInMemory = 1 << 22
const stretchEntries = 1 << 21
const entryBytes = 12
const mostRowEntries = 1 << 23
/** Entries gathered for one stretch before they are written. */
const mostBuffered = 1 << 22

export class EntryStore {
  private readonly nRows: number
  private readonly starts: Float64Array
  private spool: Spool | null = null
  private sorted: Spool | null = null
  private held: Entries[] = []
  private count = 0
  private lastRow = 0
  private ordered = true
  /** First rows of the stretches, and the number of rows. */
  private bounds: number[] = []
  private stretch: Stretch | null = null

  /** @param rows of the matrix; every entry's row must be below */
  constructor(rows: number) {
    this.nRows = rows
    this.starts = new Float64Array(rows + 1)
  }

  get size(): number {
    return this.count
  }

  /** The entries' arrays are the store's from now on. */
  async add(entries: Entries): Promise<void> {
    const { rows, n } = entries
    for (let i = 0; i < n; i++) {
      const row = rows[i] as number
      if (row < this.lastRow) this.ordered = false
      this.lastRow = row
      this.starts[row + 1] = (this.starts[row + 1] as number) + 1
    }
    this.count += n
    this.held.push(entries)
    if (this.spool || this.count > mostInMemory) {
      this.spool ??= await Spool.create()
      for (const block of this.held) await this.spool.append(pack(block))
      this.held = []
    }
  }

  /** After the last entry. */
  async finish(signal?: AbortSignal): Promise<void> {
    for (let r = 0; r < this.nRows; r++) this.starts[r + 1] = (this.starts[r + 1] as number) + (this.starts[r] as number)
    this.bounds = [0]
    for (let r = 1; r < this.nRows; r++) {
      const first = this.bounds.at(-1) as number
      if ((this.starts[r + 1] as number) - (this.starts[first] as number) > stretchEntries) this.bounds.push(r)
    }
    this.bounds.push(this.nRows)
    for (let r = 0; r < this.nRows; r++) {
      const n = (this.starts[r + 1] as number) - (this.starts[r] as number)
      if (n > mostRowEntries)
        throw new StratumError(
          'FILE_CORRUPT',
          `Row ${r} has ${n} entries, more than a row of a matrix can have.`,
          'Write the file again.',
          { row: r },
        )
    }
    if (!this.spool) {
      this.stretch = sortEntries(this.held, 0, this.nRows, this.count)
      this.held = []
      return
    }
    if (this.ordered) {
      this.sorted = this.spool
      return
    }
    this.sorted = await Spool.create()
    await this.distribute(this.spool, this.sorted, signal)
    await this.spool.close()
    this.spool = this.sorted
  }

  /** Puts every entry where its stretch lies; what is gathered for a stretch is written when memory is full. */
  private async distribute(from: Spool, to: Spool, signal?: AbortSignal): Promise<void> {
    const stretches = this.bounds.length - 1
    const stretchOf = new Uint32Array(this.nRows)
    for (let s = 0; s < stretches; s++) stretchOf.fill(s, this.bounds[s] as number, this.bounds[s + 1] as number)
    const next = Float64Array.from({ length: stretches }, (_, s) => (this.starts[this.bounds[s] as number] as number) * entryBytes)
    const block = mostBuffered
    for (let at = 0; at < this.count; at += block) {
      if (signal) throwIfCancelled(signal)
      const n = Math.min(block, this.count - at)
      const words = new Uint32Array(await from.read(at * entryBytes, n * entryBytes))
      const sizes = new Uint32Array(stretches + 1)
      for (let i = 0; i < n; i++) {
        const s = (stretchOf[words[3 * i] as number] as number) + 1
        sizes[s] = (sizes[s] as number) + 1
      }
      for (let s = 0; s < stretches; s++) sizes[s + 1] = (sizes[s + 1] as number) + (sizes[s] as number)
      const places = sizes.slice(0, stretches)
      const grouped = new Uint32Array(words.length)
      for (let i = 0; i < n; i++) {
        const s = stretchOf[words[3 * i] as number] as number
        const place = 3 * (places[s] as number)
        places[s] = (places[s] as number) + 1
        grouped[place] = words[3 * i] as number
        grouped[place + 1] = words[3 * i + 1] as number
        grouped[place + 2] = words[3 * i + 2] as number
      }
      for (let s = 0; s < stretches; s++) {
        const part = grouped.subarray(3 * (sizes[s] as number), 3 * (sizes[s + 1] as number))
        if (part.length === 0) continue
        await to.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), next[s] as number)
        next[s] = (next[s] as number) + part.byteLength
      }
    }
  }

  /** Adds the values of rows [from, to) to X. `position` as in RowMatrix. */
  async addRows(from: number, to: number, X: Float32Array, wanted: number, position: Int32Array | null): Promise<void> {
    for (let row = from; row < to; ) {
      const { first, last, starts, columns, values } = await this.stretchWith(row)
      const end = Math.min(to, last)
      for (; row < end; row++) {
        for (let k = starts[row - first] as number; k < (starts[row - first + 1] as number); k++) {
          const column = columns[k] as number
          const at = position ? (position[column] as number) : column
          const place = (row - from) * wanted + at
          if (at >= 0) X[place] = (X[place] as number) + (values[k] as number)
        }
      }
    }
  }

  private async stretchWith(row: number): Promise<Stretch> {
    if (this.stretch && row >= this.stretch.first && row < this.stretch.last) return this.stretch
    const s = this.bounds.findLastIndex((first) => first <= row)
    const [first, last] = [this.bounds[s] as number, this.bounds[s + 1] as number]
    const low = this.starts[first] as number
    const n = (this.starts[last] as number) - low
    const words = new Uint32Array(await (this.sorted as Spool).read(low * entryBytes, n * entryBytes))
    this.stretch = sortEntries([unpack(words)], first, last, n)
    return this.stretch
  }

  async close(): Promise<void> {
    await this.spool?.close()
    if (this.sorted !== this.spool) await this.sorted?.close()
  }
}

/** Entries in the order of their rows; those of one row stay in the order they came. */
function sortEntries(blocks: readonly Entries[], first: number, last: number, total: number): Stretch {
  const starts = new Uint32Array(last - first + 1)
  for (const { rows, n } of blocks) {
    for (let i = 0; i < n; i++) {
      const at = (rows[i] as number) - first + 1
      starts[at] = (starts[at] as number) + 1
    }
  }
  for (let r = 0; r < last - first; r++) starts[r + 1] = (starts[r + 1] as number) + (starts[r] as number)
  const next = starts.slice()
  const columns = new Uint32Array(total)
  const values = new Float32Array(total)
  for (const block of blocks) {
    for (let i = 0; i < block.n; i++) {
      const row = (block.rows[i] as number) - first
      const at = next[row] as number
      next[row] = at + 1
      columns[at] = block.columns[i] as number
      values[at] = block.values[i] as number
    }
  }
  return { first, last, starts, columns, values }
}

function pack({ rows, columns, values, n }: Entries): Uint8Array {
  const words = new Uint32Array(3 * n)
  const floats = new Float32Array(words.buffer)
  for (let i = 0; i < n; i++) {
    words[3 * i] = rows[i] as number
    words[3 * i + 1] = columns[i] as number
    floats[3 * i + 2] = values[i] as number
  }
  return new Uint8Array(words.buffer)
}

function unpack(words: Uint32Array): Entries {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length)
  const n = words.length / 3
  const [rows, columns, values] = [new Uint32Array(n), new Uint32Array(n), new Float32Array(n)]
  for (let i = 0; i < n; i++) {
    rows[i] = words[3 * i] as number
    columns[i] = words[3 * i + 1] as number
    values[i] = floats[3 * i + 2] as number
  }
  return { rows, columns, values, n }
}

/** A temporary file that is gone when it is closed, or with the process where the system allows it. */
class Spool {
  private readonly handle: FileHandle
  private readonly folder: string
  private size = 0
  private open = true

  private constructor(handle: FileHandle, folder: string) {
    this.handle = handle
    this.folder = folder
  }

  static async create(): Promise<Spool> {
    const folder = await mkdtemp(join(tmpdir(), 'stratum-entries-'))
    const handle = await open(join(folder, 'entries'), 'wx+', 0o600)
    // Elsewhere than on Windows an open file needs no name.
    if (process.platform !== 'win32') await rm(folder, { recursive: true, force: true })
    return new Spool(handle, folder)
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.write(bytes, this.size)
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, position + done)
      done += bytesWritten
    }
    this.size = Math.max(this.size, position + bytes.length)
  }

  async read(position: number, length: number): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.handle.read(bytes, done, length - done, position + done)
      if (bytesRead === 0)
        throw new StratumError('FILE_UNREADABLE', 'The temporary file ends too early.', 'Start again.', { folder: this.folder })
      done += bytesRead
    }
    return bytes.buffer
  }

  async close(): Promise<void> {
    if (!this.open) return
    this.open = false
    await this.handle.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Rows of a matrix whose entries are read, all of them, on the first read of rows. */
export interface LazyEntries {
  /** [to − from × wanted], filled in; `position` of a column among those wanted, −1 for none; null when all are. */
  read(from: number, to: number, wanted: number, position: Int32Array | null, signal?: AbortSignal): Promise<Float32Array>
  close(): Promise<void>
}

/** A store with everything that `fill` adds; closed when that fails. */
export async function filledStore(
  rows: number,
  fill: (entries: EntryStore, signal?: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<EntryStore> {
  const entries = new EntryStore(rows)
  try {
    await fill(entries, signal)
    await entries.finish(signal)
  } catch (thrown) {
    await entries.close()
    throw thrown
  }
  return entries
}

/** @param fill adds every entry; called again when it was cancelled or failed */
export function lazyEntries(rows: number, fill: (entries: EntryStore, signal?: AbortSignal) => Promise<void>): LazyEntries {
  let store: Promise<EntryStore> | null = null

  return {
    async read(from, to, wanted, position, signal) {
      store ??= filledStore(rows, fill, signal).catch((thrown: unknown) => {
        store = null
        throw thrown
      })
      const X = new Float32Array((to - from) * wanted)
      await (await store).addRows(from, to, X, wanted, position)
      return X
    },
    async close() {
      await (await store?.catch(() => null))?.close()
    },
  }
}

/** @throws DISK_FULL when the temporary folder has no room for `entries` entries */
export async function checkRoom(entries: number): Promise<void> {
  if (entries <= mostInMemory) return
  const { bavail, bsize } = await statfs(tmpdir())
  const needed = entries * entryBytes * 2
  if (bavail * bsize < needed)
    throw new StratumError(
      'DISK_FULL',
      `Reading this matrix by cells needs ${Math.ceil(needed / 1e9)} GB in the temporary folder, and ${((bavail * bsize) / 1e9).toFixed(1)} GB are free.`,
      'Free some space, or write the file by cells (CSR) first.',
      { folder: tmpdir() },
    )
}
