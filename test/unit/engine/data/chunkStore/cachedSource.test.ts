import { expect, it } from 'vitest'
import { cachedSource } from '#engine/data/chunkStore/cachedSource.ts'
import { recorded } from '#engine/data/chunkStore/record.ts'
import { ChunkStore } from '#engine/data/chunkStore/store.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import { memorySource } from '../../../../helpers/memorySource.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const always = { leastBytes: 0, fastBytesPerSecond: Number.POSITIVE_INFINITY, mostTimesTheFile: Number.POSITIVE_INFINITY }

it('closed during a pass, it ends the pass: nothing is opened that nobody would close, and its rows stay stored', async () => {
  const store = new ChunkStore(folder.file('cache'))
  const source = (): OpenSource => memorySource(100_000, 40, (i, j) => i + j, 1000)
  for await (const _ of recorded(source(), store, 'k', always).chunks());
  const pieces = await store.open('k')
  if (!pieces) throw new Error('nothing is stored')
  let opened = 0
  const open = async (): Promise<OpenSource> => {
    opened++
    return source()
  }
  const cached = cachedSource(pieces, { path: '/now/here.csv', open, failed: () => store.remove('k') })
  const pass = async (): Promise<void> => {
    for await (const _ of cached.chunks({ maxBytes: 1 << 20 })) await cached.close()
  }
  await expect(pass()).rejects.toThrow()
  await expect(cached.preview(0, 1, 1)).rejects.toThrow(/closed/)
  expect(opened).toBe(0)
  const again = await store.open('k')
  expect(again).not.toBeNull()
  await again?.close()
})

it.each([true, false])('asks the original what its fields hold only where it says that: %s', async (says) => {
  const store = new ChunkStore(folder.file(`fields ${says}`))
  const plain = memorySource(1000, 2, (i, j) => i + j, 500)
  const source: OpenSource = says ? { ...plain, fields: async () => ({ typeOf: () => ({ kind: 'text' }), ofColumns: [] }) } : plain
  for await (const _ of recorded(source, store, 'k', always).chunks());
  const pieces = await store.open('k')
  if (!pieces) throw new Error('nothing is stored')
  let opened = 0
  const open = async (): Promise<OpenSource> => {
    opened++
    return source
  }
  const cached = cachedSource(pieces, { path: '/now/here.csv', open, failed: () => store.remove('k') })
  expect((await cached.fields?.())?.typeOf('name') ?? null).toEqual(says ? { kind: 'text' } : null)
  expect(opened).toBe(says ? 1 : 0)
  await cached.close()
})
