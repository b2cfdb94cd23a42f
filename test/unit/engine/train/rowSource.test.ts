import { afterAll, describe, expect, test } from 'vitest'
import { setTimeout as wait } from 'node:timers/promises'
import { batchesOf } from '#engine/train/batches.ts'
import { rowOrder } from '#engine/train/rowOrder.ts'
import { residentRows, type RowSource } from '#engine/train/rowSource.ts'
import { openStoredRows, type StoredRows } from '#engine/train/storedRows.ts'
import { streamedRows } from '#engine/train/streamedRows.ts'
import { storedMatrix } from '../../../helpers/storedMatrix.ts'

/** Row i has the values 3 i, 3 i + 1, 3 i + 2, so that its first one tells which it is. */
const counted = (from: number, n: number): Float32Array => Float32Array.from({ length: n * 3 }, (_, i) => from * 3 + i)

/** Five rows a block, some ten blocks a shard. */
const sizes = { blockBytes: 60, shardBytes: 600 }
const [rows, batch] = [333, 16]
const batches = batchesOf(rows, batch)
const matrix = storedMatrix(rows, 3, counted, { chunkRows: 5 })
const opened: StoredRows[] = []
afterAll(async () => {
  for (const stored of opened) await stored.close()
  matrix.remove()
})

function streamed(seed = 1, stage = 0, signal = new AbortController().signal): RowSource {
  const stored = openStoredRows(matrix.place, rows, 3)
  opened.push(stored)
  return streamedRows(stored, rowOrder(rows, 3, batch, seed, stage, sizes), batches, signal)
}
const resident = (seed = 1, stage = 0): RowSource =>
  residentRows({ shape: [rows, 3], values: counted(0, rows) }, rowOrder(rows, 3, batch, seed, stage, sizes), batches)

/** Which rows the steps see, `chunk` steps at once, `pause` milliseconds after each. */
async function seen(source: RowSource, steps: number, { from = 0, chunk = 1, pause = 0 } = {}): Promise<number[]> {
  const all: number[] = []
  let shard = await source.shardAt(from)
  for (let step = from; step < steps; ) {
    if (step >= shard.endStep) shard = await source.shardAt(step)
    const n = Math.min(chunk, steps - step, shard.endStep - step)
    for (const at of shard.rowsOf(step, n)) {
      const row = shard.x.values.subarray(at * 3, at * 3 + 3)
      expect([row[1] - row[0], row[2] - row[0], row[0] % 3]).toEqual([1, 2, 0])
      all.push(row[0] / 3)
    }
    step += n
    if (pause > 0) await wait(pause)
  }
  await source.close()
  return all
}
const steps = 70
const [first] = [await seen(streamed(), steps)]

describe.each([
  ['streamed', streamed],
  ['resident', resident],
])('%s rows', (_, source) => {
  test('come once in every pass, without a gap between passes', async () => {
    const stream = await seen(source(), steps)
    for (let pass = 0; (pass + 1) * rows <= stream.length; pass++) {
      const ofPass = stream.slice(pass * rows, (pass + 1) * rows)
      expect([...ofPass].sort((a, b) => a - b)).toEqual([...Array(rows).keys()])
    }
    expect(stream).toHaveLength(steps * batch)
  })

  test('come in the same order whatever they are read in, at whatever pace', async () => {
    expect(await seen(source(), steps, { chunk: 7 })).toEqual(first)
    expect(await seen(source(), steps, { chunk: 3, pause: 1 })).toEqual(first)
  })

  test.each([1, 5, 9, 10, 20, 21, 29, 30, 31, 42, 63])('go on from step %i as if never interrupted', async (from) => {
    expect(await seen(source(), steps, { from })).toEqual(first.slice(from * batch))
  })

  test('have another order in every pass, for every seed and in every stage', async () => {
    expect(first.slice(rows, 2 * rows)).not.toEqual(first.slice(0, rows))
    expect(await seen(source(2), 20)).not.toEqual(first.slice(0, 20 * batch))
    expect(await seen(source(1, 1), 20)).not.toEqual(first.slice(0, 20 * batch))
  })
})

test('streamed rows that are waited for are not waited for after a cancel', async () => {
  const controller = new AbortController()
  const source = streamed(1, 0, controller.signal)
  const waited = source.shardAt(0).catch((error: unknown) => error)
  controller.abort()
  expect(await waited).toMatchObject({ code: 'CANCELLED' })
  await source.close()
})

describe('the order', () => {
  test('takes the rows of a shard from blocks all over the data', () => {
    const order = rowOrder(1_000_000, 30, 128, 1, 0, { blockBytes: 12_000, shardBytes: 1_200_000 })
    expect(order.shardsPerPass).toBe(100)
    const { blocks, rows } = order.shard(0, 3)
    expect([blocks.length, rows]).toEqual([100, 10_000])
    const quarters = [0, 1, 2, 3].map((quarter) => blocks.filter(({ from }) => Math.floor(from / 250_000) === quarter).length)
    expect(Math.min(...quarters)).toBeGreaterThan(12)
  })

  test('shuffles whole what is no larger than a shard', () => {
    const order = rowOrder(1000, 10, 64, 1, 0)
    expect(order.shardsPerPass).toBe(1)
    expect(order.shard(4, 0)).toMatchObject({ start: 4000, rows: 1000, blocks: [{ from: 0, count: 1000 }] })
  })

  test.each([
    [7, 1, 4],
    [100, 3, 64],
    [1001, 30_000, 128],
    [4097, 2000, 1024],
    [65, 3, 13],
  ])('of %i rows of %i makes shards that hold a batch of %i at least', (n, d, size) => {
    for (const shardBytes of [4, 1000, 2 ** 26]) {
      const order = rowOrder(n, d, Math.min(size, n), 1, 0, { blockBytes: 40, shardBytes })
      const shards = Array.from({ length: order.shardsPerPass }, (_, i) => order.shard(1, i))
      expect(shards.reduce((sum, shard) => sum + shard.rows, 0)).toBe(n)
      expect(Math.min(...shards.map((shard) => shard.rows))).toBeGreaterThanOrEqual(Math.min(size, n))
      expect(Math.max(...shards.map((shard) => shard.rows))).toBeLessThanOrEqual(order.shardRows)
      expect(shards.map(({ start }) => order.place(start))).toEqual(shards.map((_, shard) => ({ pass: 1, shard })))
    }
  })
})
