import { describe, expect, test } from 'vitest'
import { packingOf } from '#engine/optim/packing.ts'
import { batchesOf, ChunkSize, epochOrder } from '#engine/train/batches.ts'
import { Curve } from '#engine/train/curve.ts'
import { learningRateAt } from '#engine/train/schedule.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'

describe('batches', () => {
  test('cut a pass into equal steps and a rest', () => {
    expect(batchesOf(330, 64)).toEqual({ size: 64, rest: 10, stepsPerEpoch: 6 })
    expect(batchesOf(128, 64)).toEqual({ size: 64, rest: 0, stepsPerEpoch: 2 })
    expect(batchesOf(3, 64)).toEqual({ size: 3, rest: 0, stepsPerEpoch: 1 })
  })
  test('have another order in every pass and stage', () => {
    expect(epochOrder(100, 1, 0, 0)).not.toEqual(epochOrder(100, 1, 0, 1))
    expect(epochOrder(100, 1, 0, 0)).not.toEqual(epochOrder(100, 1, 1, 0))
  })
  test('are run in chunks that grow to the time wanted and shrink at once', () => {
    const chunk = new ChunkSize(0.4)
    const sizes = [1, 2, 3, 4, 5].map(() => {
      const steps = chunk.next(1000)
      chunk.took(steps, steps * 0.004)
      return steps
    })
    expect(sizes).toEqual([1, 4, 16, 64, 100])
    chunk.took(100, 4)
    expect(chunk.next(1000)).toBe(10)
    expect(chunk.next(3)).toBe(3)
  })
})

describe('the curve', () => {
  test('averages over a hundredth of a pass', () => {
    const curve = new Curve('stage1', 250)
    const points = curve.add(1000, { loss: [1, 2, 3, 4, 5, 6, 7] }, (step) => (step - 1000) / 250)
    expect(points).toEqual([
      { step: 1003, name: 'stage1/loss', value: 2 },
      { step: 1003, name: 'stage1/epoch', value: 3 / 250 },
      { step: 1006, name: 'stage1/loss', value: 5 },
      { step: 1006, name: 'stage1/epoch', value: 6 / 250 },
    ])
    expect(curve.latest).toBe(5)
    expect(curve.endEpoch()).toBe(4)
  })
})

test('the step size warms up and falls along a cosine to its fiftieth', () => {
  const cosine = { learningRateSchedule: 'cosine', warmupSteps: 0 } as const
  expect(learningRateAt(1, cosine, 0, 100)).toBe(1)
  expect(learningRateAt(1, cosine, 50, 100)).toBeCloseTo(0.51, 9)
  expect(learningRateAt(1, cosine, 100, 100)).toBeCloseTo(0.02, 9)
  expect(learningRateAt(1, { learningRateSchedule: 'constant', warmupSteps: 4 }, 1, 100)).toBe(0.5)
  expect(learningRateAt(1, { learningRateSchedule: 'constant', warmupSteps: 4 }, 9, 100)).toBe(1)
})

test('packing puts small weights into one vector and leaves large ones, and gives both back', () => {
  const init = initialiserOf(1)
  const weights = { a: init.glorotUniform('a', [3, 4]), large: init.glorotUniform('large', [100, 50]), b: init.constant([4], 2) }
  const packing = packingOf(weights)
  const packed = packing.pack(weights)
  expect(Object.keys(packed)).toEqual(['packed', 'large'])
  expect(packed.packed.values).toHaveLength(16)
  expect(packing.unpack(packed)).toEqual(weights)
})

test('initial weights have the spread their authors give, and depend on site and seed', () => {
  const variance = (values: Float32Array) => values.reduce((sum, v) => sum + v * v, 0) / values.length
  const init = initialiserOf(1)
  expect(variance(init.glorotUniform('a', [100, 60]).values)).toBeCloseTo(2 / 160, 3)
  expect(variance(init.lecunNormal('a', [100, 60]).values)).toBeCloseTo(1 / 100, 3)
  expect(variance(init.heNormal('a', [100, 60]).values)).toBeCloseTo(2 / 100, 3)
  expect(init.heNormal('b', [10, 6]).values).not.toEqual(init.heNormal('a', [10, 6]).values)
  expect(initialiserOf(2).heNormal('a', [10, 6]).values).not.toEqual(init.heNormal('a', [10, 6]).values)
})
