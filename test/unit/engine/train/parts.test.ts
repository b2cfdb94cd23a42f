import { describe, expect, test } from 'vitest'
import { packingOf } from '#engine/optim/packing.ts'
import { batchesOf, ChunkSize, stepsOf } from '#engine/train/batches.ts'
import { Curve } from '#engine/train/curve.ts'
import { drawInPieces, initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { noiseSeed } from '#engine/train/stageSteps.ts'

describe('batches', () => {
  test('are never larger than the data, and a pass ends with the step that has its last row', () => {
    expect(batchesOf(3, 64)).toEqual({ rows: 3, size: 3 })
    expect([1, 2, 3].map((passes) => stepsOf(batchesOf(330, 64), passes))).toEqual([6, 11, 16])
    expect(stepsOf(batchesOf(128, 64), 2)).toBe(4)
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
    chunk.took(3, 0.012)
    expect(chunk.next(1000)).toBe(10)
    // Passes of three steps, on a computer that has become slow.
    chunk.took(3, 0.5)
    expect(chunk.next(1000)).toBe(2)
  })
})

test('every stage of every seed has noise of its own, the first that of the seed', () => {
  const seeds = Array.from({ length: 100 }, (_, seed) => Array.from({ length: 12 }, (_, stage) => noiseSeed(seed, stage))).flat()
  expect(new Set(seeds).size).toBe(1200)
  expect(noiseSeed(7, 0)).toBe(7)
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
    expect(curve.endPass()).toBe(4)
  })
  test('goes on from its state as if nothing had been', () => {
    const losses = Array.from({ length: 40 }, (_, i) => Math.cos(i))
    const passOf = (step: number) => step / 250
    const whole = new Curve('stage1', 250)
    const points = whole.add(0, { loss: losses }, passOf)
    const before = new Curve('stage1', 250)
    const first = before.add(0, { loss: losses.slice(0, 17) }, passOf)
    const after = new Curve('stage1', 250, JSON.parse(JSON.stringify(before.state)) as typeof before.state)
    expect(after.latest).toBe(before.latest)
    expect([...first, ...after.add(17, { loss: losses.slice(17) }, passOf)]).toEqual(points)
    expect(after.endPass()).toBe(whole.endPass())
  })
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

test('packing keeps groups in vectors of their own and leaves alone what is to stay apart', () => {
  const init = initialiserOf(1)
  const weights = { kernel: init.constant([2, 3], 1), unit: init.constant([2, 2], 2), bias: init.constant([3], 3) }
  const packing = packingOf(weights, (name) => (name === 'unit' ? 'apart' : name === 'bias' ? 'packed, not decayed' : 'packed'))
  const packed = packing.pack(weights)
  expect(Object.entries(packed).map(([name, { values }]) => [name, values.length])).toEqual([
    ['packed', 6],
    ['packed, not decayed', 3],
    ['unit', 4],
  ])
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

test('weights drawn in pieces are those drawn at once, whatever is made of them', async () => {
  for (const [id, params] of [
    ['autoencoder', { encoder: [700, 400], codeSize: 3 }],
    ['sae-topk', { codeSize: 900, k: 4 }],
  ] as const) {
    const model = modelById(id)
    const built = model.build(model.params.parse(params), 500)
    if (built.kind !== 'gradient') throw new Error(`${id} is not trained by gradient`)
    const [stage] = built.stages
    const sample = { n: 3, values: Float32Array.from({ length: 1500 }, (_, i) => Math.sin(i)) }
    const drawn = await drawInPieces(stage, sample, 5, new AbortController().signal)
    expect(drawn).toEqual(stage.initialWeights(initialiserOf(5), sample))
    await expect(drawInPieces(stage, sample, 5, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  }
})
