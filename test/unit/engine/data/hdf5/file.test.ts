import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type H5File, openH5, rootKeys, toNumbers } from '../../../../../src-main/engine/data/hdf5/file.ts'
import { isHdf5 } from '../../../../../src-main/engine/data/hdf5/signature.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

/** Written by test/fixtures/make/hdf5.py: value i of an array is i · 7 mod 13. */
const fixture = (name: string): string => fileURLToPath(new URL(`../../../../fixtures/hdf5/${name}`, import.meta.url))
const value = (i: number): number => (i * 7) % 13
const folder = temporaryFolder()

const opened: H5File[] = []
afterEach(() => {
  for (const file of opened.splice(0)) file.close()
})
async function open(name: string): Promise<H5File> {
  const file = await openH5(name.startsWith('/') ? name : fixture(name))
  opened.push(file)
  return file
}
const whole = (file: H5File, place: string): number[] => {
  const dataset = file.dataset(place)
  return Array.from(
    toNumbers(
      dataset.slab(
        dataset.shape.map(() => 0),
        dataset.shape,
      ),
    ),
  )
}

describe('LZF', () => {
  const numeric = ['plain', 'shuffled', 'checked', 'checkedFloats', 'single', 'bigEndian', 'half', 'cube']

  it.each(['lzf_earliest.h5', 'lzf_latest.h5'])('is undone from the chunks of %s', async (name) => {
    const file = await open(name)
    for (const place of numeric) {
      const values = whole(file, place)
      expect(values, place).toEqual(values.map((_, i) => value(i)))
      expect(file.dataset(place).filters).toContain('lzf')
    }
    expect(file.dataset('texts').read(5, 9)).toEqual(['zelle 5 µ', 'zelle 6 µ', 'zelle 7 µ', 'zelle 8 µ'])
  })

  it('gives blocks that cut through chunks, in two and three axes', async () => {
    const file = await open('lzf_earliest.h5')
    const block = file.dataset('plain').read(4, 12, 5, 8)
    expect(Array.from(toNumbers(block))).toEqual(Array.from({ length: 24 }, (_, i) => value((4 + Math.floor(i / 3)) * 17 + 5 + (i % 3))))
    const cube = file.dataset('cube').slab([1, 1, 3], [2, 2, 2])
    expect(Array.from(toNumbers(cube))).toEqual([1, 2].flatMap((a) => [1, 2].flatMap((b) => [3, 4].map((c) => value(a * 30 + b * 6 + c)))))
  })

  it('fills in where no chunk is stored', async () => {
    const values = whole(await open('lzf_earliest.h5'), 'filled')
    expect(values.filter((n) => n === 2)).toHaveLength(4)
    expect(values.filter((n) => n === 7)).toHaveLength(396)
    expect(values[3 * 20 + 3]).toBe(2)
  })

  it('is found behind a block of another program', async () => {
    expect(isHdf5(readFileSync(fixture('userblock.h5')).subarray(0, 4096))).toBe(true)
    const values = whole(await open('userblock.h5'), 'plain')
    expect(values).toEqual(values.map((_, i) => value(i)))
  })

  it('is refused with its place where the index is of a rare kind', async () => {
    const file = await open('grown.h5')
    expect(() => whole(file, 'grown')).toThrow(
      expect.objectContaining({ code: 'FORMAT_UNSUPPORTED', where: expect.objectContaining({ place: 'grown' }) }),
    )
  })

  it('ends in an error where stored bytes are damaged', async () => {
    const bytes = readFileSync(fixture('lzf_earliest.h5'))
    let refused = 0
    for (let at = 3000; at < bytes.length; at += 797) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = (damaged[at] as number) ^ 0xff
      const path = folder.file(`damaged${at}.h5`)
      writeFileSync(path, damaged)
      try {
        const file = await openH5(path)
        try {
          for (const place of numeric) whole(file, place)
        } finally {
          file.close()
        }
      } catch (thrown) {
        refused++
        expect(thrown).toMatchObject({
          code: expect.stringMatching(/^(?:FILE_CORRUPT|FILE_TRUNCATED|FORMAT_UNSUPPORTED|MEMORY_EXCEEDED)$/),
        })
      }
    }
    expect(refused).toBeGreaterThan(0)
  })
})

it('a heap of texts that was wiped ends in an error, where the library would walk on the spot', async () => {
  const bytes = Uint8Array.from(readFileSync(fixture('lzf_earliest.h5')))
  const heap = Buffer.from(bytes.buffer).indexOf('GCOL')
  bytes.fill(0, heap + 16 + 100, heap + 2000)
  const path = folder.file('wiped.h5')
  writeFileSync(path, bytes)
  const file = await open(path)
  expect(() => file.dataset('texts').read(0, 40)).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }))
})

describe('types', () => {
  it('come in the order of this machine, half precision as float32', async () => {
    const file = await open('types.h5')
    for (const name of ['little_f2', 'big_f2', 'big_f4', 'big_i2', 'little_u4', 'big_i8']) {
      const values = whole(file, name)
      expect(values, name).toEqual(values.map((_, i) => value(i)))
    }
    expect(file.dataset('little_f2').dtype).toBe('float16')
  })

  it('of integers that no number holds end in an error', async () => {
    const file = await open('types.h5')
    expect(() => whole(file, 'huge')).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }))
  })

  it('of enumerations, texts, records, single values and nothing are read', async () => {
    const file = await open('types.h5')
    expect([file.dataset('boolean').dtype, file.dataset('names').dtype]).toEqual(['boolean', 'enum'])
    expect(whole(file, 'boolean')).toEqual([1, 0, 1])
    expect(file.dataset('names').metadata.enum_type?.members).toEqual({ no: 0, yes: 1 })
    expect(file.dataset('fixed').read(0, 2)).toEqual(['é', 'bb'])
    expect(file.dataset('records').read(0, 2)).toEqual([
      [1, 2.5, 'ab', 1],
      [3, -4.5, 'cd', 0],
    ])
    expect((file.dataset('lists').read(1, 2) as unknown[][])[0]?.[0]).toEqual(Float32Array.of(4, 5, 6))
    expect(whole(file, 'one')).toEqual([5])
    expect(whole(file, 'nothing')).toEqual([])
    expect([file.attribute('/', 'flag'), file.attribute('/', 'none'), file.attributes('/')]).toEqual([1, undefined, ['flag']])
  })
})

describe('files that point or claim', () => {
  it.each(['external', 'virtual'])('with %s arrays are refused before anything is read', async (place) => {
    const file = await open('elsewhere.h5')
    expect(() => file.dataset(place)).toThrow(
      expect.objectContaining({ code: 'FORMAT_UNSUPPORTED', message: expect.stringMatching(/not followed/) }),
    )
  })

  it('into another file are not followed', async () => {
    const file = await open('elsewhere.h5')
    expect(() => file.kind('link')).toThrow(expect.objectContaining({ code: 'FORMAT_UNSUPPORTED' }))
    expect(await rootKeys(fixture('elsewhere.h5'))).toEqual(['external', 'link', 'virtual'])
  })

  it('more values than the file can hold, or a chunk beyond memory, are refused', async () => {
    const file = await open('claims.h5')
    expect(() => file.dataset('wide')).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }))
    expect(() => file.dataset('lump')).toThrow(expect.objectContaining({ code: 'FORMAT_UNSUPPORTED' }))
  })

  it('blocks outside the array are refused', async () => {
    const file = await open('types.h5')
    for (const [start, count] of [
      [
        [0, 0],
        [4, 4],
      ],
      [
        [-1, 0],
        [1, 1],
      ],
      [[0], [1]],
      [
        [0, 0.5],
        [1, 1],
      ],
    ] as const)
      expect(() => file.dataset('big_f4').slab(start, count)).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }))
  })

  it('that are cut off say so', async () => {
    const path = folder.file('cut.h5')
    cpSync(fixture('lzf_earliest.h5'), path)
    writeFileSync(path, readFileSync(path).subarray(0, 20_000))
    await expect(openH5(path)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
    expect(await rootKeys(path)).toEqual([])
  })
})

describe('a library of its own for every file', () => {
  it('is as new for the next one: errors use up neither its stack, nor memory, nor descriptors', async () => {
    const cut = folder.file('short.h5')
    writeFileSync(cut, readFileSync(fixture('lzf_earliest.h5')).subarray(0, 20_000))
    const descriptors = (): number => readdirSync('/dev/fd').length
    const round = async (): Promise<void> => {
      await expect(openH5(cut)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
      const file = await openH5(fixture('types.h5'))
      for (let i = 0; i < 40; i++) expect(() => file.attributes('missing')).toThrow(expect.objectContaining({ code: 'FILE_CORRUPT' }))
      expect(whole(file, 'one')).toEqual([5])
      file.close()
    }
    await round()
    const before = descriptors()
    // 4100 errors, and the stack has room for 2200.
    for (let i = 0; i < 100; i++) await round()
    expect(descriptors()).toBe(before)
  })

  it('serves files that are open at the same time, and none after it was closed', async () => {
    const [first, second] = [await open('types.h5'), await open('lzf_latest.h5')]
    first.close()
    const third = await open('userblock.h5')
    expect(whole(second, 'plain')).toEqual(whole(third, 'plain'))
    expect(() => first.keys('/')).toThrow(/after it was closed/)
    first.close()
  })
})
