import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { openThroughStore, useChunkStore } from '#engine/data/chunkStore/chunkStore.ts'
import type { OpenSource } from '#engine/data/dataset.ts'
import type { Keys } from '#engine/data/series/keys.ts'
import { openSeries } from '#engine/data/series/open.ts'
import { decodeKeys, encodeKeys } from '#engine/data/series/storedKeys.ts'
import { memorySource } from '../../../../helpers/memorySource.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
afterEach(() => useChunkStore(null))

const keys = (units: Uint32Array | null): Keys => ({
  times: Float64Array.from([1.5, Number.NaN, 1e12]),
  units,
  unitNames: ['ä', 'b'],
  timeFields: ['t'],
  isDate: true,
  findings: [{ severity: 'info', code: 'NO_TIME', message: 'm', hint: 'h' }],
})

test.each([[null], [Uint32Array.from([0, 1, 0])]])('are the same after reading', (units) => {
  expect(decodeKeys(encodeKeys(keys(units)), 3)).toEqual(keys(units))
})

test('are refused when damaged or of another table', () => {
  const bytes = encodeKeys(keys(null))
  expect(decodeKeys(bytes, 4)).toBeNull()
  expect(decodeKeys(bytes.subarray(0, 40), 3)).toBeNull()
  expect(decodeKeys(new Uint8Array(3), 3)).toBeNull()
  ;(bytes[bytes.length - 1] as number) ^= 1
  expect(decodeKeys(bytes, 3)).toBeNull()
})

test('a series that is opened again reads neither values nor times from its source', async () => {
  useChunkStore(folder.file('cache'))
  const rows = 200_000
  const open = vi.fn(async (): Promise<OpenSource> => {
    const made = memorySource(rows, 6, (i, j) => (j === 0 ? Math.floor(i / 2) : i % 100), 30_000)
    const metadata = async (field: string): Promise<(string | number)[]> =>
      Array.from({ length: rows }, (_, i) => (field === 'node' ? `n${i % 2}` : Math.floor(i / 2)))
    const slow = async function* (
      ...options: Parameters<OpenSource['chunks']>
    ): AsyncGenerator<Awaited<ReturnType<OpenSource['preview']>> | never> {
      for await (const chunk of made.chunks(...options)) {
        await new Promise((done) => setTimeout(done, 5))
        yield chunk as never
      }
    } as unknown as OpenSource['chunks']
    return { ...made, chunks: slow, metadata, report: { ...made.report, sizeBytes: 1e8, metadataFields: ['node'] } }
  })
  const options = { 'series.length': 4, 'series.time': ['c0'], 'series.unit': 'node' }
  const read = async (): Promise<{ sum: number; units: unknown[]; rows: number }> => {
    const series = await openSeries(await openThroughStore('k', '/t.csv', undefined, open), options)
    let sum = 0
    for await (const { X } of series.chunks()) for (const value of X) sum += value
    const units = (await series.metadata?.('node'))?.slice(0, 3) ?? []
    await series.close()
    return { sum, units, rows: series.report.rows }
  }
  const first = await read()
  expect(first).toMatchObject({ units: ['n0', 'n1', 'n0'], rows: rows / 4 })
  expect(readdirSync(folder.file('cache')).length).toBe(2)
  expect(open).toHaveBeenCalledOnce()
  expect(await read()).toEqual(first)
  expect(open).toHaveBeenCalledOnce()
  // Damaged times are read again.
  for (const name of readdirSync(folder.file('cache'))) if (name.includes('times')) writeFileSync(folder.file(`cache/${name}`), 'x')
  expect(await read()).toEqual(first)
  rmSync(folder.file('cache'), { recursive: true })
  expect(await read()).toEqual(first)
})
