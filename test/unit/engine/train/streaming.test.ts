/** Training on rows that are read along the way: 70 MB, which is two shards. */
import { createHash } from 'node:crypto'
import { copyFileSync, truncateSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { connect } from '#engine/project/sqlite.ts'
import { rowOrder } from '#engine/train/rowOrder.ts'
import { openStoredRows, type StoredRows } from '#engine/train/storedRows.ts'
import { type TrainOptions, type TrainResult, trainModel } from '#engine/train/train.ts'
import { curvedRows, memoryStore, trainOptions } from '../../../helpers/training.ts'
import { storedMatrix } from '../../../helpers/storedMatrix.ts'

const [n, d, batchSize] = [68_000, 256, 512]
const params = { encoder: [], codeSize: 4, epochs: 2, batchSize, inputNoise: 0.01 }
const some = curvedRows(4000, d)
const rowsFrom = (_: number, count: number): Float32Array => some.subarray(0, count * d)
const matrix = storedMatrix(n, d, rowsFrom, { rowsAtOnce: 4000 })
const holdout = { holdout: some.subarray(0, 100 * d), holdoutRows: 100 }

const opened: StoredRows[] = []
function stored(path = matrix.place.path): StoredRows {
  const rows = openStoredRows({ ...matrix.place, path }, n, d)
  opened.push(rows)
  return rows
}
const options = (train: TrainOptions['train'], overrides: Partial<TrainOptions> = {}): TrainOptions => ({
  ...trainOptions('autoencoder', params, holdout),
  train,
  trainRows: n,
  inputDim: d,
  ...overrides,
})

function bytesOf({ weights }: TrainResult): string {
  const hash = createHash('sha256')
  for (const [name, { values }] of Object.entries(weights)) hash.update(name).update(values)
  return hash.digest('hex')
}

afterEach(async () => {
  for (const rows of opened.splice(0)) await rows.close()
})
afterAll(() => matrix.remove())

describe('training on streamed rows', () => {
  test('gives the bytes and figures that the same rows in memory give', async () => {
    expect(rowOrder(n, d, batchSize, 7, 0).shardsPerPass).toBe(2)
    const whole = new Float32Array(n * d)
    for (let from = 0; from < n; from += 4000) whole.set(some, from * d)
    const resident = await trainModel(options(whole))
    const streamed = await trainModel(options(stored()))
    expect(bytesOf(streamed)).toBe(bytesOf(resident))
    expect(streamed).toMatchObject({ trainError: resident.trainError, steps: resident.steps, epochs: 2 })
  })

  test('goes on in the middle of a shard to the very same bytes', async () => {
    const store = memoryStore()
    const whole = await trainModel(options(stored(), { checkpoint: store, checkpointSeconds: 0 }))
    const steps = store.saved.map(({ state }) => (state as { within: { step: number } }).within.step)
    const shard = rowOrder(n, d, batchSize, 7, 0).shard(0, 1)
    const within = store.saved[steps.findIndex((step) => step * batchSize > shard.start)]
    const resumed = await trainModel(options(stored(), { checkpoint: memoryStore(within) }))
    expect(bytesOf(resumed)).toBe(bytesOf(whole))
  })

  test('answers a cancel, and closing ends the thread in the middle of a shard', async () => {
    const controller = new AbortController()
    const rows = stored()
    const running = trainModel(options(rows, { signal: controller.signal, report: () => controller.abort() }))
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    const order = rowOrder(n, d, batchSize, 7, 0)
    const [buffer] = rows.buffers(order.shardRows)
    const reading = rows.readShard(order.shard(0, 0), buffer, 0).catch((error: unknown) => error)
    await rows.close()
    expect(await reading).toMatchObject({ code: 'CANCELLED' })
    await expect(rows.read(0, 1)).rejects.toThrow(/ended/)
  })

  test('ends with what is wrong when rows vanish under it', async () => {
    const path = `${matrix.place.path}-vanishing`
    copyFileSync(matrix.place.path, path)
    let isCut = false
    const running = trainModel(
      options(stored(path), {
        report: () => {
          if (isCut) return
          isCut = true
          const db = connect(path)
          db.exec('DELETE FROM chunk WHERE i % 3 = 1')
          db.close()
        },
      }),
    )
    await expect(running).rejects.toMatchObject({ code: 'PROJECT_CORRUPT', where: { array: 'train' } })
  })

  test('ends with what is wrong when the file is cut short', async () => {
    const path = `${matrix.place.path}-short`
    copyFileSync(matrix.place.path, path)
    truncateSync(path, 30_000_000)
    const error = await trainModel(options(stored(path))).catch((thrown: unknown) => thrown)
    expect(['PROJECT_CORRUPT', 'FILE_UNREADABLE']).toContain((error as { code: string }).code)
  })
})

test('a model in closed form fits streamed rows as it fits rows in memory', async () => {
  // Some of the rows are enough to be read in many pieces; all of them would take a busy machine a minute.
  const [trainRows, whole] = [8000, new Float32Array(8000 * d)]
  for (let from = 0; from < trainRows; from += 4000) whole.set(some, from * d)
  const rows = openStoredRows(matrix.place, trainRows, d)
  opened.push(rows)
  const [streamed, resident] = [rows, whole].map((train) =>
    trainModel({ ...trainOptions('pca', { components: 3 }, holdout), train, trainRows, inputDim: d }),
  )
  expect(bytesOf(await streamed)).toBe(bytesOf(await resident))
})
