import { describe, expect, test } from 'vitest'
import { StratumError } from '#common/errors.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { saeTopK } from '#engine/models/sae/topK.ts'

const build = (params: Readonly<Record<string, unknown>>, d = 6) => {
  const built = saeTopK.build(saeTopK.params.parse(params), d)
  if (built.kind !== 'gradient') throw new Error('not a gradient model')
  return built
}

describe('the TopK sparse autoencoder', () => {
  test('starts with equal directions of length one there and back', () => {
    const { encoder, decoder, encoderBias, preBias } = build({ codeSize: 20, k: 3 }).stages[0].initialWeights(initialiserOf(1))
    expect(decoder.shape).toEqual([20, 6])
    expect(encoder.values).toEqual(decoder.values)
    expect(encoder.values.buffer).not.toBe(decoder.values.buffer)
    for (let m = 0; m < 20; m++) expect(Math.hypot(...decoder.values.subarray(m * 6, m * 6 + 6))).toBeCloseTo(1, 6)
    expect([...encoderBias.values, ...preBias.values].every((b) => b === 0)).toBe(true)
  })

  test('centres rows at their geometric median, which one far-off row does not move', () => {
    const values = Float32Array.from([1, 5, 1, 5, 1, 5, 1, 5, 1000, -1000])
    const { preBias } = build({ codeSize: 4, k: 1 }, 2).stages[0].initialWeights(initialiserOf(1), { n: 5, values })
    expect(preBias.values[0]).toBeCloseTo(1, 1)
    expect(preBias.values[1]).toBeCloseTo(5, 1)
  })

  test('keeps the directions of the way back at length one', () => {
    expect(build({}).stages[0].unitRows).toEqual(['decoder'])
  })

  test('refuses more codes per row than there are', () => {
    expect(() => build({ codeSize: 4, k: 5 })).toThrow(StratumError)
    expect(() => build({ codeSize: 4, k: 5 })).toThrow('cannot use 5 of 4 codes')
  })

  test('refuses steps of one row, whose error has no spread to be compared with', () => {
    expect(() => build({ batchSize: 1 })).toThrow('A step of one row')
    expect(() => build({ batchSize: 2 })).not.toThrow()
  })
})
