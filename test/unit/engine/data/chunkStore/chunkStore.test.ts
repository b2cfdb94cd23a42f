import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, truncateSync, utimesSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { storeKey } from '#engine/data/chunkStore/chunkStore.ts'
import { userCacheFolder } from '#engine/data/chunkStore/folder.ts'
import { cachedSource } from '#engine/data/chunkStore/cachedSource.ts'
import { narrowed } from '#engine/data/chunkStore/narrow.ts'
import { recorded } from '#engine/data/chunkStore/record.ts'
import { ChunkStore } from '#engine/data/chunkStore/store.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { memorySource } from '../../../../helpers/memorySource.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const always = { leastBytes: 0, fastBytesPerSecond: Number.POSITIVE_INFINITY, mostTimesTheFile: Number.POSITIVE_INFINITY }

async function all(source: OpenSource, columns?: number[], maxBytes?: number): Promise<{ X: number[]; valid: number[] }> {
  const X: number[] = []
  const valid: number[] = []
  const d = columns?.length ?? source.report.columns.length
  for await (const chunk of source.chunks({ columns, maxBytes })) {
    expect(chunk.start).toBe(valid.length)
    if (maxBytes !== undefined) expect(chunk.X.byteLength).toBeLessThanOrEqual(Math.max(maxBytes, 4 * d))
    for (let i = 0; i < chunk.n * d; i++) X.push(chunk.X[i] as number)
    for (let i = 0; i < chunk.n; i++) valid.push(chunk.valid[i] as number)
  }
  return { X, valid }
}

/** Missing values, a row without any, negatives, fractions. */
const value = (i: number, j: number): number => (i % 7 === 3 || (i + j) % 11 === 0 ? Number.NaN : i * 0.5 - j * 100)
const sample = (rows = 1000, columns = 3): OpenSource => memorySource(rows, columns, value, 77)

async function stored(store: ChunkStore, source: OpenSource, key = 'k'): Promise<void> {
  for await (const _ of recorded(source, store, key, always).chunks());
}
async function reopened(store: ChunkStore, source: OpenSource, key = 'k'): Promise<{ cached: OpenSource; opened: () => number }> {
  const pieces = await store.open(key)
  if (!pieces) throw new Error('nothing is stored')
  let opened = 0
  const open = async (): Promise<OpenSource> => {
    opened++
    return source
  }
  return { cached: cachedSource(pieces, { path: '/now/here.csv', open, failed: () => store.remove(key) }), opened: () => opened }
}
const filesIn = (path: string): string[] => (existsSync(path) ? readdirSync(path).filter((name) => name !== 'settings.json') : [])

describe('a stored source', () => {
  it('gives the same rows, columns and validity in any chunks, without the source', async () => {
    const store = new ChunkStore(folder.file('cache'))
    await stored(store, sample())
    const { cached, opened } = await reopened(store, sample())
    expect(cached.report).toEqual({ ...sample().report, path: '/now/here.csv' })
    for (const columns of [undefined, [2, 0], [1]])
      for (const maxBytes of [undefined, 100, 1 << 20]) expect(await all(cached, columns, maxBytes)).toEqual(await all(sample(), columns))
    expect(opened()).toBe(0)
    await cached.close()
  })

  it('gives fields in batches, and what the file says of them, from the source', async () => {
    const store = new ChunkStore(folder.file('cache'))
    const source = (): OpenSource => ({
      ...sample(),
      metadata: async (field) => Array.from({ length: 1000 }, (_, i) => `${field} ${i}`),
      fields: async () => ({ typeOf: () => ({ kind: 'text' }), ofColumns: [] }),
    })
    await stored(store, source())
    const { cached, opened } = await reopened(store, source())
    const rows: unknown[] = []
    for await (const batch of cached.metadataBatches?.(['a', 'b']) ?? []) rows.push(...batch)
    expect([rows.length, rows[999]]).toEqual([1000, ['a 999', 'b 999']])
    expect((await cached.fields?.())?.typeOf('a')).toEqual({ kind: 'text' })
    expect(opened()).toBe(1)
    await cached.close()
  })

  it('is kept in the type of the source where that is narrower', async () => {
    const store = new ChunkStore(folder.file('cache'))
    const whole = (i: number, j: number): number => (i % 5 === 0 ? Number.NaN : (i * 31 + j) % 65_535)
    const source = (): OpenSource => {
      const made = memorySource(5000, 4, whole, 512)
      return { ...made, report: { ...made.report, dtype: 'uint16' } }
    }
    await stored(store, source())
    expect((await store.info()).bytes).toBeLessThan(5000 * 4 * 2 + 5000 + 4000)
    const { cached } = await reopened(store, source())
    expect(await all(cached)).toEqual(await all(source()))
    await cached.close()
  })

  it('spans many pieces', async () => {
    const store = new ChunkStore(folder.file('cache'))
    const wide = (): OpenSource => memorySource(25, 100_000, (i, j) => i + j / 1024, 7)
    await stored(store, wide())
    const { cached } = await reopened(store, wide())
    let row = 0
    for await (const { X, n, start } of cached.chunks()) {
      expect(start).toBe(row)
      for (let i = 0; i < n; i++, row++) expect([X[i * 100_000], X[i * 100_000 + 99_999]]).toEqual([row, Math.fround(row + 99_999 / 1024)])
    }
    expect(row).toBe(25)
    await cached.close()
  })

  it('that was recorded with some columns asks the source for others', async () => {
    const store = new ChunkStore(folder.file('cache'))
    for await (const _ of recorded(sample(), store, 'k', always).chunks({ columns: [0, 2] }));
    const { cached, opened } = await reopened(store, sample())
    expect(await all(cached, [2])).toEqual(await all(sample(), [2]))
    expect(opened()).toBe(0)
    expect(await all(cached, [1])).toEqual(await all(sample(), [1]))
    expect(opened()).toBe(1)
    await cached.close()
  })
})

describe('a recording', () => {
  it('is visible only when it is whole', async () => {
    const store = new ChunkStore(folder.file('cache'))
    for await (const chunk of recorded(sample(), store, 'k', always).chunks()) {
      expect(await store.open('k')).toBeNull()
      if (chunk.start > 300) break
    }
    expect(filesIn(store.folder)).toEqual([])
    const failing = {
      ...sample(),
      async *chunks() {
        yield* memorySource(77, 3, value, 77).chunks()
        throw new Error('torn')
      },
    }
    await expect(all(recorded(failing, store, 'k', always))).rejects.toThrow('torn')
    expect(filesIn(store.folder)).toEqual([])
    await stored(store, sample())
    expect(filesIn(store.folder)).toEqual(['k.chunks'])
  })

  it('is not made of small, fast or much larger sources, nor without room', async () => {
    const store = new ChunkStore(folder.file('cache'))
    for (const rules of [{ leastBytes: 1e9 }, { fastBytesPerSecond: 0 }]) await all(recorded(sample(), store, 'k', { ...always, ...rules }))
    const large = { ...sample(), report: { ...sample().report, rows: 1e9 } }
    await all(recorded(large, store, 'k', { ...always, mostTimesTheFile: 8 }))
    await store.setLimit(1000)
    await all(recorded(sample(), store, 'k', always))
    expect(filesIn(store.folder)).toEqual([])
  })

  it('does no harm where the folder cannot be made', async () => {
    closeSync(openSync(folder.file('file'), 'w'))
    const store = new ChunkStore(folder.file('file/cache'))
    expect(await all(recorded(sample(), store, 'k', always))).toEqual(await all(sample()))
    expect(await store.info()).toMatchObject({ bytes: 0, entries: 0 })
  })
})

describe('a damaged file of the store', () => {
  const damage = (path: string, at: number): void => {
    const file = openSync(path, 'r+')
    writeSync(file, Buffer.from([0xaa, 0x55, 0xaa]), 0, 3, at)
    closeSync(file)
  }

  it('is left for the source in the middle of a pass, and removed', async () => {
    const store = new ChunkStore(folder.file('cache'))
    const wide = (): OpenSource => memorySource(25, 100_000, (i, j) => i * 3 + (j % 97), 5)
    await stored(store, wide())
    damage(join(store.folder, 'k.chunks'), 5 << 20)
    const { cached, opened } = await reopened(store, wide())
    let row = 0
    for await (const { X, n, start } of cached.chunks({ maxBytes: 4 << 20 })) {
      expect(start).toBe(row)
      for (let i = 0; i < n; i++, row++) expect(X[i * 100_000 + 96]).toBe(row * 3 + 96)
    }
    expect([row, opened()]).toEqual([25, 1])
    expect(filesIn(store.folder)).toEqual([])
    await cached.close()
  })

  it.each([
    ['cut off', (path: string) => truncateSync(path, 3000)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['of another kind', (path: string) => damage(path, 0)],
  ])('%s is removed when it is opened', async (what, hurt) => {
    const store = new ChunkStore(folder.file('cache'))
    await stored(store, sample())
    hurt(join(store.folder, 'k.chunks'))
    const opened = await store.open('k')
    // The magic at the start is only for people who look into the folder.
    if (what === 'of another kind') await opened?.close()
    else {
      expect(opened).toBeNull()
      expect(filesIn(store.folder)).toEqual([])
    }
  })

  it('may be deleted while it is read', async () => {
    const store = new ChunkStore(folder.file('cache'))
    await stored(store, sample())
    const { cached } = await reopened(store, sample())
    const rows: number[] = []
    for await (const { n } of cached.chunks({ maxBytes: 1200 })) {
      if (rows.length === 0) rmSync(store.folder, { recursive: true })
      rows.push(n)
    }
    expect(rows.reduce((a, b) => a + b)).toBe(1000)
    await cached.close()
    expect(await store.open('k')).toBeNull()
  })
})

describe('the store', () => {
  it('lets the files go that were not used for longest', async () => {
    const store = new ChunkStore(folder.file('cache'))
    for (const [i, key] of ['a', 'b', 'c'].entries()) {
      await stored(store, sample(), key)
      utimesSync(join(store.folder, `${key}.chunks`), 1000 + i, 1000 + i)
    }
    await (await store.open('a'))?.close()
    const { bytes } = await store.info()
    await store.setLimit(bytes - 1)
    expect(filesIn(store.folder)).toEqual(['a.chunks', 'c.chunks'])
    expect(await store.info()).toMatchObject({ entries: 2, limitBytes: bytes - 1 })
  })

  it('removes what was never finished after a day', async () => {
    mkdirSync(folder.file('cache'))
    for (const [name, age] of [
      ['old', 25],
      ['new', 1],
    ] as const) {
      const path = folder.file(`cache/${name}.1-x.part`)
      closeSync(openSync(path, 'w'))
      utimesSync(path, Date.now() / 1000 - age * 3600, Date.now() / 1000 - age * 3600)
    }
    const store = new ChunkStore(folder.file('cache'))
    await store.setLimit(1e9)
    expect(filesIn(store.folder)).toEqual(['new.1-x.part'])
  })

  it('is cleared, and keeps its limit', async () => {
    const store = new ChunkStore(folder.file('cache'))
    await store.setLimit(123e6)
    await stored(store, sample())
    expect(await store.clear()).toMatchObject({ entries: 1 })
    expect(await store.info()).toMatchObject({ entries: 0, bytes: 0, limitBytes: 123e6 })
  })

  it('knows a source by content, format and options, wherever it lies', () => {
    expect(storeKey('h', 'csv', { a: 1, b: undefined })).toBe(storeKey('h', 'csv', { a: 1 }))
    expect(
      new Set([storeKey('h', 'csv', {}), storeKey('i', 'csv', {}), storeKey('h', 'npy', {}), storeKey('h', 'csv', { a: 1 })]).size,
    ).toBe(4)
  })

  it('lies where each system keeps caches', () => {
    expect(userCacheFolder('chunks', { XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'stratum', 'chunks'))
    expect(userCacheFolder('chunks', { LOCALAPPDATA: 'C:\\L' }, 'win32')).toContain('Stratum')
    expect(userCacheFolder('code', {}, 'darwin')).toContain(join('Library', 'Caches', 'Stratum', 'code'))
  })
})

describe('narrow numbers', () => {
  it.each([
    ['uint8', [0, 7, Number.NaN], 'uint8', 255],
    ['uint8', [0, 255, 1], 'uint8', null],
    ['uint8', [255, Number.NaN], 'uint8', 0],
    ['uint8', [0, 255, Number.NaN], 'float32', null],
    ['uint8', [256], 'float32', null],
    ['int16', [-32_768, 5, Number.NaN], 'int16', 32_767],
    ['int8', [0.5], 'float32', null],
    ['uint16', [-0], 'float32', null],
    ['uint16', [Number.POSITIVE_INFINITY], 'float32', null],
  ] as const)('%s %j', (wanted, values, type, missing) => {
    expect(narrowed(Float32Array.from(values), wanted)).toMatchObject({ type, missing })
  })
})
