/** MATLAB files against scipy.io and h5py: every array of every file of the catalogue, and of small files of every kind. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { guardedReader } from '../../../src-main/engine/data/readers/guard.ts'
import { mat } from '../../../src-main/engine/data/readers/mat.ts'
import { type ColumnReference, compareColumns } from '../../helpers/compareColumns.ts'
import { readAll } from '../../helpers/readAll.ts'
import { hasSharedData, sharedData } from '../../helpers/sharedData.ts'

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url))
const reference: Record<string, Record<string, ColumnReference & { shape: number[] }>> = JSON.parse(
  readFileSync(fixture('reference/mat.json'), 'utf8'),
)
const { open } = guardedReader(mat)

for (const [file, arrays] of Object.entries(reference)) {
  const inCatalogue = file.includes('/')
  describe.skipIf(inCatalogue && !hasSharedData)(file, () => {
    for (const [variable, wanted] of Object.entries(arrays)) {
      it(`gives the values of ${variable} (${wanted.shape.join(' × ')})`, async () => {
        const layout = wanted.shape.length === 3 ? 'raster' : 'table'
        const path = inCatalogue ? sharedData(file) : fixture(`mat/${file}`)
        // A vector is a single column, however it lies.
        const vector = layout === 'table' && wanted.shape[0] === 1 && (wanted.shape[1] as number) > 1
        const source = await open(path, { variable, layout })
        if (vector) expect(Array.from((await readAll(source)).X)).toEqual(wanted.columns.map((column) => Math.fround(column[1] as number)))
        else await compareColumns(source, wanted, variable)
        await source.close()
      })
    }
  })
}

describe('what is read from a MATLAB file by default', () => {
  it.skipIf(!hasSharedData)('is the cube, with the map of anomalies as labels', async () => {
    const source = await open(sharedData('raster/hsi_mat/abu/hydice.mat'), {})
    expect(source.report).toMatchObject({
      kind: 'raster',
      rows: 8000,
      dtype: 'uint16',
      labelFields: ['map'],
      grid: { width: 100, height: 80 },
    })
    const map = (await source.metadata?.('map')) ?? []
    expect(map.reduce((sum: number, value) => sum + Number(value), 0)).toBe(17)
    const labels = await open(sharedData('raster/hsi_mat/abu/hydice.mat'), { variable: 'map', layout: 'raster' })
    expect(Array.from((await readAll(labels)).X)).toEqual(map)
    const window = await source.readWindow?.([3], { x: 10, y: 5, width: 20, height: 10, outWidth: 20, outHeight: 10 })
    const { X } = await readAll(source, { maxBytes: 100_000 })
    expect(Array.from(window ?? [])).toEqual(
      Array.from({ length: 200 }, (_, i) => X[((5 + Math.floor(i / 20)) * 100 + 10 + (i % 20)) * 162 + 3]),
    )
    await source.close()
    await labels.close()
  })
  it.skipIf(!hasSharedData)('is the label map as a raster, when it is alone', async () => {
    const source = await open(sharedData('raster/hsi_mat/SalinasA_gt.mat'), {})
    expect(source.report).toMatchObject({ kind: 'raster', rows: 83 * 86, dtype: 'uint8' })
    const { X } = await readAll(source)
    expect(X.reduce((n, value) => n + (value > 0 ? 1 : 0), 0)).toBe(5348)
    await source.close()
  })
  it.skipIf(!hasSharedData)('is X as a table with y as labels', async () => {
    const source = await open(sharedData('anomaly/odds_mat/cardio.mat'), {})
    expect(source.report).toMatchObject({ kind: 'table', rows: 1831, labelFields: ['y'], metadataFields: ['y'] })
    expect(((await source.metadata?.('y')) ?? []).filter((value) => value === 1)).toHaveLength(176)
    await source.close()
  })
  it('is every vector as a column, when there are only vectors', async () => {
    const source = await open(fixture('mat/vectors.mat'), {})
    expect(source.report.columns.map(({ name }) => name)).toEqual(['depth', 'grade'])
    expect(source.report.labelFields).toEqual(['label'])
    expect(await source.metadata?.('label')).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'])
    expect((await source.preview(1, 2, 5)).rows).toEqual([
      ['b', 0.125, 49],
      ['c', 0.25, 36],
    ])
    await source.close()
  })
  it('is a cube of version 7.3 with its logical map', async () => {
    const source = await open(fixture('mat/level73.mat'), {})
    expect(source.report).toMatchObject({ kind: 'raster', rows: 42, labelFields: ['map'], details: { version: '7.3' } })
    expect(source.report.findings.map(({ code }) => code)).toContain('ARRAYS_LEFT')
    await source.close()
  })
})

describe('a damaged MATLAB file', () => {
  const failing = async (name: string): Promise<{ code: string; message: string }> =>
    open(fixture(`mat/${name}`), {}).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    )
  it('says that an array claims more than its bytes can hold', async () => {
    expect(await failing('bomb.mat')).toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('claims to hold 4294967280') })
    expect(await failing('claims.mat')).toMatchObject({ code: 'FILE_CORRUPT', message: expect.stringContaining('1073741824 × 1073741824') })
  })
  it('gives the arrays before the cut and names the cut', async () => {
    const source = await open(fixture('mat/truncated.mat'), {})
    expect(source.report.findings.find(({ code }) => code === 'ARRAYS_LEFT')?.message).toContain('cut off')
    await source.close()
  })
})

describe('a file of version 4', () => {
  it('has texts as labels, and names what it cannot read', async () => {
    const source = await open(fixture('mat/level4.mat'), { variable: 'X' })
    expect(source.report.details).toMatchObject({ version: '4', shape: '4 × 6' })
    expect(await source.metadata?.('label')).toEqual(['clay', 'silt', 'sand', 'clay'])
    expect(source.report.findings.find(({ code }) => code === 'ARRAYS_LEFT')?.message).toBe('Not read: "z" holds complex numbers.')
    await source.close()
  })
  it('that is cut off says so', async () => {
    await expect(open(fixture('mat/level4_truncated.mat'), {})).rejects.toMatchObject({ code: 'FILE_TRUNCATED' })
  })
})
