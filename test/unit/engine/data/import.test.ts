import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { DatasetMeta } from '../../../../src-main/common/domain/dataset.ts'
import { describeSource, hashFile, openDataset } from '../../../../src-main/engine/data/import.ts'
import { inspectSource } from '../../../../src-main/engine/data/inspect.ts'
import { readerFor } from '../../../../src-main/engine/data/readers/registry.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

async function datasetIn(place: string): Promise<DatasetMeta> {
  mkdirSync(folder.file(place))
  const path = folder.file(`${place}/a.csv`)
  writeFileSync(path, 'x,y\n1,2\n')
  const { path: _, ...report } = await inspectSource(path)
  return {
    ...report,
    source: await describeSource(path, folder.file(`${place}/p.stratum`)),
    summaries: [],
    validRows: 1,
    readerOptions: { header: 'yes' },
  }
}

describe('sources', () => {
  it('hash to xxh64 of their bytes', async () => {
    writeFileSync(folder.file('empty'), '')
    writeFileSync(folder.file('abc'), 'abc')
    // The reference values of the algorithm's own test suite for seed 0.
    expect(await hashFile(folder.file('empty'))).toBe('ef46db3751d8e999')
    expect(await hashFile(folder.file('abc'))).toBe('44bc2cf5ad770999')
  })

  it('are found beside the project after the whole folder moved', async () => {
    const meta = await datasetIn('before')
    expect(meta.source.relativePath).toBe('a.csv')
    renameSync(folder.file('before'), folder.file('after'))
    const source = await openDataset(meta, folder.file('after/p.stratum'))
    expect(source.report.path).toBe(folder.file('after/a.csv'))
    await source.close()
  })

  it('are reported missing, with the way to relink', async () => {
    const meta = await datasetIn('here')
    renameSync(folder.file('here/a.csv'), folder.file('here/b.csv'))
    await expect(openDataset(meta, folder.file('here/p.stratum'))).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
      hint: expect.stringContaining('relink'),
    })
  })

  it('may be touched, but not changed', async () => {
    const meta = await datasetIn('here')
    const path = folder.file('here/a.csv')
    utimesSync(path, 1, 1)
    await (await openDataset(meta, folder.file('here/p.stratum'))).close()
    writeFileSync(path, 'x,y\n1,3\n')
    await expect(openDataset(meta, folder.file('here/p.stratum'))).rejects.toMatchObject({ code: 'SOURCE_CHANGED', where: { path } })
  })
})

describe('choosing a reader', () => {
  it('goes by content before the name', async () => {
    writeFileSync(folder.file('table.dat'), 'a;b\n1;2\n')
    expect((await readerFor(folder.file('table.dat'))).id).toBe('csv')
    writeFileSync(folder.file('wrong.csv'), Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]))
    expect((await readerFor(folder.file('wrong.csv'))).id).toBe('geotiff')
  })

  it('says what can be read when nothing fits', async () => {
    writeFileSync(folder.file('x.bin'), Buffer.from([1, 2, 3, 0, 0, 0]))
    await expect(readerFor(folder.file('x.bin'))).rejects.toMatchObject({
      code: 'FORMAT_UNKNOWN',
      hint: expect.stringContaining('GeoTIFF'),
    })
    await expect(readerFor(folder.file('x.bin'), 'hologram')).rejects.toMatchObject({ code: 'UNKNOWN_FORMAT' })
    await expect(readerFor(folder.file('none.csv'))).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      where: { path: folder.file('none.csv') },
    })
    await expect(readerFor(folder.path)).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN' })
  })
})
