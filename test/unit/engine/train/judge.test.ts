import { afterAll, describe, expect, test } from 'vitest'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { type RowReader, rowsInMemory } from '#engine/compute/rowReader.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { saeTopK } from '#engine/models/saeTopK.ts'
import { Judge } from '#engine/train/judge.ts'
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
