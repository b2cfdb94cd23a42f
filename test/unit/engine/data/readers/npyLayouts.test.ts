import { describe, expect, it } from 'vitest'
import { inspectSource, openSource } from '#engine/data/inspect.ts'
import { columnarFixture, expected, matrixOf } from '../../../../helpers/columnarFixtures.ts'

/** The cube of the fixture: 4 × 3 × 5, counting up in C order. */
const at = (i: number, j: number, k: number): number => (i * 3 + j) * 5 + k
const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

describe.each(['cube.npy', 'cube_fortran.npy', 'cube.npz'])('%s', (name) => {
  it('as vectors has the last axis as columns', async () => {
    const source = await openSource(columnarFixture(name))
    expect(source.report).toMatchObject({ kind: 'embedding', rows: 12 })
    expect([...(await matrixOf(source, 5))]).toEqual(each(60, (i) => i))
    await source.close()
  })

  it('is the kind that is asked for, unless an option says otherwise', async () => {
    const kindOf = async (as: string, options = {}): Promise<string> => (await inspectSource(columnarFixture(name), as, options)).kind
    expect([await kindOf('table'), await kindOf('raster'), await kindOf('embedding')]).toEqual(['table', 'raster', 'embedding'])
    expect(await kindOf('table', { layout: 'bands' })).toBe('raster')
  })

  it('as an image has a band for each of the last axis', async () => {
    const source = await openSource(columnarFixture(name), undefined, { layout: 'image' })
    expect(source.report).toMatchObject({ kind: 'raster', rows: 12, grid: { width: 3, height: 4, georeferenced: false } })
    expect([...(await matrixOf(source, 5))]).toEqual(each(60, (i) => i))
    const window = await source.readWindow?.([4, 0], { x: 1, y: 1, width: 2, height: 2, outWidth: 2, outHeight: 2 })
    expect([...(window ?? [])]).toEqual([
      at(1, 1, 4),
      at(1, 2, 4),
      at(2, 1, 4),
      at(2, 2, 4),
      at(1, 1, 0),
      at(1, 2, 0),
      at(2, 1, 0),
      at(2, 2, 0),
    ])
    await source.close()
  })

  it('as bands or times has a column for each of the first axis', async () => {
    const pixels = each(15, (pixel) => each(4, (band) => at(band, Math.floor(pixel / 5), pixel % 5))).flat()
    for (const layout of ['bands', 'times']) {
      const source = await openSource(columnarFixture(name), undefined, { layout })
      expect(source.report).toMatchObject({ kind: 'raster', rows: 15, grid: { width: 5, height: 3 } })
      expect([...(await matrixOf(source, 4))]).toEqual(pixels)
      await source.close()
    }
  })
})

it('a map of as many pixels goes along with an image of an archive', async () => {
  const source = await openSource(columnarFixture('cube.npz'), undefined, { layout: 'image' })
  expect(source.report.labelFields).toEqual(['y'])
  expect(await source.metadata?.('y')).toEqual(each(12, (i) => i))
  await source.close()
})

it('a layout that the axes do not allow is refused', async () => {
  await expect(openSource(columnarFixture('cube.npz'), undefined, { layout: 'bands', array: 'y' })).rejects.toMatchObject({
    code: 'PARAMETER_INVALID',
  })
})

it('archives with long sizes and places (ZIP64) are read', async () => {
  const source = await openSource(columnarFixture('long.npz'))
  expect([...(await matrixOf(source, 5))]).toEqual(each(60, (i) => i))
  expect(await source.metadata?.('y')).toEqual(each(12, (i) => i))
  await source.close()
})

describe('sparse matrices of SciPy', () => {
  it.each(['csr', 'csc', 'coo'])('stored as %s are filled row by row', async (form) => {
    const source = await openSource(columnarFixture(`sparse_${form}.npz`))
    expect(source.report).toMatchObject({ kind: 'table', rows: 40, details: { form } })
    expect([...(await matrixOf(source, 7))]).toEqual(expected.sparse)
    const columns = [29, 3]
    const some: number[] = []
    for await (const { X } of source.chunks({ columns, maxBytes: 40 })) some.push(...X)
    expect(some).toEqual(each(40, (row) => columns.map((column) => expected.sparse[row * 30 + column])).flat())
    expect((await source.preview(38, 9, 4)).rows).toEqual([38, 39].map((row) => expected.sparse.slice(row * 30, row * 30 + 4)))
    await source.close()
  })

  it('stored in blocks are refused', async () => {
    await expect(inspectSource(columnarFixture('sparse_bsr.npz'))).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('bsr'),
    })
  })
})
