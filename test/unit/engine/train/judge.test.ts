import { afterAll, describe, expect, test } from 'vitest'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { type RowReader, rowsInMemory } from '#engine/compute/rowReader.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { saeTopK } from '#engine/models/sae/topK.ts'
import { blocksFor, Judge } from '#engine/train/judge.ts'
import { curvedRows } from '../../../helpers/training.ts'

const d = 5
const built = saeTopK.build(saeTopK.params.parse({ codeSize: 16, k: 3 }), d)
if (built.kind !== 'gradient') throw new Error('not a gradient model')
const [stage] = built.stages
const weights = stage.initialWeights(initialiserOf(1))
const worker = new NumericWorker()
afterAll(() => worker.close())

async function errorOf(rows: RowReader, signal = new AbortController().signal): Promise<number> {
  const judge = new Judge('test', stage, worker, 1, rows, signal)
  try {
    return await judge.error(weights, stage.buffers ?? {})
  } finally {
    await judge.close()
  }
}

describe('held-out rows', () => {
  test('one more than fill a block change the error by no more than their share', async () => {
    const values = curvedRows(4097, d)
    const [full, oneMore] = [await errorOf(rowsInMemory(values, 4096, d)), await errorOf(rowsInMemory(values, 4097, d))]
    expect(full).toBeGreaterThan(0)
    expect(Math.abs(oneMore / full - 1)).toBeLessThan(0.01)
  })

  test('go through very wide layers a few at a time, and through heavy ones in short runs', () => {
    const weights = (rows: number, columns: number) => ({
      kernel: { shape: [rows, columns], values: { length: rows * columns } as Float32Array },
    })
    expect(blocksFor(1e6, 10, weights(10, 64))).toEqual({ full: 4082, blocksPerRun: 51 })
    // 256 rows of 131 072 latents are 134 MB, 4096 would be 2 GB
    expect(blocksFor(1e6, 64, weights(131_072, 64)).full).toBeLessThanOrEqual(256)
    expect(blocksFor(1e6, 512, weights(8192, 512))).toEqual({ full: 256, blocksPerRun: 7 })
    expect(blocksFor(1, 3, weights(3, 2))).toEqual({ full: 1, blocksPerRun: 64 })
  })

  test('are judged alike in memory and in pieces from elsewhere', async () => {
    const values = curvedRows(9000, d)
    const stored: RowReader = {
      rows: 9000,
      columns: d,
      resident: null,
      read: async (from, count) => values.slice(from * d, (from + count) * d),
    }
    expect(await errorOf(stored)).toBe(await errorOf(rowsInMemory(values, 9000, d)))
  })

  test('are left alone once training is cancelled', async () => {
    const controller = new AbortController()
    let reads = 0
    const endless: RowReader = {
      rows: 1e9,
      columns: d,
      resident: null,
      read: async (_from, count) => {
        if (++reads === 3) controller.abort()
        return new Float32Array(count * d)
      },
    }
    await expect(errorOf(endless, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(reads).toBeLessThan(6)
  })
})
