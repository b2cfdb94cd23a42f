/** What is written is read again by HDF5's own library (h5wasm) through data/hdf5. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type H5File, openH5 } from '#engine/data/hdf5/file.ts'
import { createHdf5, type H5Output } from '#engine/export/hdf5/file.ts'
import type { GroupNode, H5Node } from '#engine/export/hdf5/objects.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'
import { mountTinyDisk } from '../../../../helpers/tinyDisk.ts'

const folder = temporaryFolder()

const root = (children: Record<string, H5Node>, attributes: GroupNode['attributes'] = {}): GroupNode => ({
  kind: 'group',
  children,
  attributes,
})

async function written(
  make: (out: H5Output) => Promise<GroupNode>,
  look: (file: H5File) => void,
  { gzipLevel = 4 }: { gzipLevel?: number | null } = {},
): Promise<string> {
  const path = folder.file('a.h5')
  const out = await createHdf5(path, gzipLevel)
  await out.finish(await make(out))
  const file = await openH5(path)
  try {
    look(file)
  } finally {
    file.close()
  }
  return path
}

test.each([['compressed', 4] as const, ['as they are', null] as const])('values of every type come back, %s', async (_, gzipLevel) => {
  const n = 30_000
  const texts = Array.from({ length: n }, (_, i) => (i % 7 === 0 ? '' : `größe ${i}`))
  await written(
    async (out) => {
      const arrays = {
        a: out.array('float32', { width: 3 }),
        b: out.array('float64'),
        c: out.array('int64'),
        d: out.array('int8'),
        e: out.array('int16'),
        f: out.array('int32'),
        g: out.array('boolean'),
        t: out.array('text'),
      }
      // In pieces of odd sizes, side by side.
      for (let from = 0; from < n; from += 997) {
        const rows = Array.from({ length: Math.min(997, n - from) }, (_, i) => from + i)
        await arrays.a.append(Float32Array.from({ length: 3 * rows.length }, (_, i) => 3 * from + i + 0.5))
        await arrays.b.append(rows.map((i) => (i % 11 === 0 ? Number.NaN : i / 3)))
        await arrays.c.append(rows.map((i) => i * 2 ** 33))
        await arrays.d.append(rows.map((i) => (i % 256) - 128))
        await arrays.e.append(rows.map((i) => i - 15_000))
        await arrays.f.append(rows.map((i) => -i * 65_536))
        await arrays.g.append(rows.map((i) => i % 2))
        await arrays.t.append(rows.map((i) => texts[i]))
      }
      expect(arrays.a.rows).toBe(n)
      const nodes: Record<string, H5Node> = {}
      for (const [name, stream] of Object.entries(arrays)) nodes[name] = await stream.finish()
      return root(nodes)
    },
    (file) => {
      const a = file.dataset('a')
      expect([a.shape, a.dtype, a.filters.length > 0]).toEqual([[n, 3], 'float32', gzipLevel !== null])
      expect(a.read(0, n)).toEqual(Float32Array.from({ length: 3 * n }, (_, i) => i + 0.5))
      expect(file.dataset('b').read(0, 23)).toEqual(Float64Array.from({ length: 23 }, (_, i) => (i % 11 === 0 ? Number.NaN : i / 3)))
      expect(file.dataset('c').read(n - 1, n)).toEqual(BigInt64Array.of(BigInt((n - 1) * 2 ** 33)))
      expect(file.dataset('d').read(0, 3)).toEqual(Int8Array.of(-128, -127, -126))
      expect(file.dataset('e').read(n - 2, n)).toEqual(Int16Array.of(n - 15_002, n - 15_001))
      expect(file.dataset('f').read(2, 3)).toEqual(Int32Array.of(-131_072))
      expect(file.dataset('g').dtype).toBe('boolean')
      expect(Array.from(file.dataset('g').read(0, 4) as Uint8Array)).toEqual([0, 1, 0, 1])
      expect(file.dataset('t').read(0, n)).toEqual(texts)
    },
    { gzipLevel },
  )
})

test('groups, single values and attributes come back', async () => {
  await written(
    async () =>
      root(
        {
          inner: root(
            { 'a key, with ß': { kind: 'scalar', value: 'text' }, empty: { kind: 'scalar', value: '' } },
            { shape: [3, 2 ** 40] },
          ),
          whole: { kind: 'scalar', value: -7 },
          real: { kind: 'scalar', value: 0.25, attributes: { unit: 'm' } },
          flag: { kind: 'scalar', value: true },
        },
        { names: ['b', 'ä'], nobody: [], ordered: false, type: 'thing' },
      ),
    (file) => {
      expect(file.keys('/')).toEqual(['flag', 'inner', 'real', 'whole'])
      expect(file.dataset('inner/a key, with ß').slab([], [])).toEqual(['text'])
      expect(file.dataset('inner/empty').slab([], [])).toEqual([''])
      expect(file.dataset('whole').slab([], [])).toEqual(BigInt64Array.of(-7n))
      expect(file.dataset('real').slab([], [])).toEqual(Float64Array.of(0.25))
      expect([file.dataset('flag').dtype, file.attribute('real', 'unit')]).toEqual(['boolean', 'm'])
      expect(file.attribute('/', 'names')).toEqual(['b', 'ä'])
      expect(file.attribute('/', 'nobody')).toEqual([])
      expect(file.attribute('/', 'type')).toBe('thing')
      expect(Number(file.attribute('/', 'ordered'))).toBe(0)
      expect(file.attribute('inner', 'shape')).toEqual(BigInt64Array.of(3n, 2n ** 40n))
    },
  )
})

test('an array without values, and one whose chunks need an index of three levels', async () => {
  const n = 4 * 5000 - 1
  await written(
    async (out) => {
      const many = out.array('int32', { chunkBytes: 16 })
      await many.append(Int32Array.from({ length: n }, (_, i) => i))
      const table = out.array('float32', { width: 2, chunkBytes: 8 })
      await table.append(Float32Array.from({ length: 2 * 300 }, (_, i) => i))
      return root({ many: await many.finish(), table: await table.finish(), none: await out.array('float64').finish() })
    },
    (file) => {
      expect(file.dataset('many').chunk).toEqual([4])
      expect(file.dataset('many').read(0, n)).toEqual(Int32Array.from({ length: n }, (_, i) => i))
      expect(file.dataset('table').read(0, 300)).toEqual(Float32Array.from({ length: 600 }, (_, i) => i))
      expect(file.dataset('none').shape).toEqual([0])
    },
  )
})

test('the same values give the same bytes', async () => {
  const bytes = async (): Promise<Buffer> =>
    readFileSync(
      await written(
        async (out) => {
          const [a, b] = [out.array('float64'), out.array('text')]
          for (let i = 0; i < 40_000; i += 1000) {
            await a.append(Float64Array.from({ length: 1000 }, (_, k) => Math.sin(i + k)))
            await b.append(Array.from({ length: 1000 }, (_, k) => `name ${i + k}`))
          }
          return root({ a: await a.finish(), b: await b.finish() })
        },
        () => undefined,
      ),
    )
  const first = await bytes()
  expect(first.equals(await bytes())).toBe(true)
})

test('rows are whole', async () => {
  const out = await createHdf5(folder.file('a.h5'), 4)
  await expect(out.array('float32', { width: 3 }).append([1, 2])).rejects.toThrow(RangeError)
  await out.abort()
})

test('what is aborted leaves nothing, neither does a list of names that is too long', async () => {
  const path = folder.file('a.h5')
  const out = await createHdf5(path, 4)
  await out.array('int32').append(new Int32Array(100_000))
  await out.abort()
  expect(readdirSync(folder.path)).toEqual([])
  const wide = await createHdf5(path, 4)
  await expect(wide.finish(root({}, { names: Array.from({ length: 5000 }, (_, i) => `c${i}`) }))).rejects.toMatchObject({
    code: 'DATA_UNSUITABLE',
  })
  await wide.abort()
  expect(existsSync(path)).toBe(false)
})

test('a full disk is said, and nothing is left', async ({ skip }) => {
  const disk = mountTinyDisk(1)
  if (!disk) return skip('no small disk can be mounted here')
  try {
    const out = await createHdf5(join(disk.path, 'a.h5'), null)
    const stream = out.array('float64')
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) await stream.append(new Float64Array(8192).fill(i))
      await out.finish(root({ a: await stream.finish() }))
    }
    await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' })
    await out.abort()
    expect(readdirSync(disk.path)).toEqual([])
  } finally {
    disk.remove()
  }
})
