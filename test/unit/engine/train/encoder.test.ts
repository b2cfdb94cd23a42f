/** Codes are the same bytes however the rows are cut and however many workers share them. */
import { describe, expect, test } from 'vitest'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { type Encoder, openEncoder } from '#engine/train/encoder.ts'
import { curvedRows } from '../../../helpers/training.ts'

const [n, d] = [20_000, 180]
const rows = curvedRows(200, d)
const X = new Float32Array(n * d)
for (let i = 0; i < n; i++) X.set(rows.subarray((i % 200) * d, (i % 200) * d + d), i * d)

async function withEncoder<T>(threads: number, work: (encoder: Encoder) => Promise<T>, activation = 'elu'): Promise<T> {
  const model = modelById('autoencoder')
  const params = { encoder: [300, 200], codeSize: 3, activation }
  const built = model.build(model.params.parse(params), d)
  if (built.kind !== 'gradient') throw new Error('an autoencoder is trained by gradient')
  const encoder = await openEncoder({ model, params, inputDim: d, weights: built.stages[0].initialWeights(initialiserOf(1)), threads })
  try {
    return await work(encoder)
  } finally {
    await encoder.close()
  }
}

describe('the encoder', () => {
  test.each(['elu', 'softplus'])('gives the same bytes on one worker and on several (%s)', async (activation) => {
    const alone = await withEncoder(1, (encoder) => encoder.encode(X, n), activation)
    const together = await withEncoder(3, (encoder) => encoder.encode(X, n), activation)
    expect(together).toEqual(alone)
  })

  test('gives the same bytes for rows in one call and in pieces, shared or not', async () => {
    await withEncoder(2, async (encoder) => {
      const { codes, error } = await encoder.encode(X, n)
      const shared = new Float32Array(new SharedArrayBuffer(X.byteLength))
      shared.set(X)
      for (const [source, from, count] of [
        [X, 0, 1000],
        [shared, 1000, 2048],
        [X, 3048, 1],
        [shared, 3049, 64],
        [X, 3113, 65],
      ] as const) {
        const part = await encoder.encode(source.subarray(from * d), count)
        expect(part.codes).toEqual(codes.subarray(from * 3, (from + count) * 3))
        expect(part.error).toEqual(error.subarray(from, from + count))
      }
      expect(await encoder.codes(X, 5000)).toEqual(codes.subarray(0, 5000 * 3))
    })
  })

  test('stops when it is cancelled, and goes on working afterwards', async () => {
    await withEncoder(2, async (encoder) => {
      const controller = new AbortController()
      const cancelled = encoder.encode(X, n, controller.signal)
      controller.abort()
      await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
      expect((await encoder.encode(X, 10)).codes).toHaveLength(30)
    })
  })

  test('refuses fewer values than rows need', async () => {
    await withEncoder(1, (encoder) => expect(encoder.encode(X.subarray(0, 5), 1)).rejects.toMatchObject({ code: 'INTERNAL' }))
  })
})
