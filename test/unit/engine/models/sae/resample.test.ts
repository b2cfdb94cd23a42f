import { describe, expect, test } from 'vitest'
import type { Revision } from '#engine/models/define.ts'
import { rectifiedCode, resample, resamplingPasses } from '#engine/models/sae/resample.ts'

const [D, M] = [2, 3]
const weight = (shape: number[], ...values: number[]) => ({ shape, values: Float32Array.from(values) })
/** Latent 0 rebuilds the first column, latent 1 is dead, latent 2 points away from all rows. */
const given = (rowsSilent: number[], sample: number[]): Revision => ({
  weights: {
    encoder: weight([M, D], 1, 0, 0.6, 0.8, -2, 0),
    encoderBias: weight([M], 0, -5, 0),
    decoder: weight([M, D], 1, 0, 0.6, 0.8, -1, 0),
    preBias: weight([D], 0, 0),
  },
  buffers: { rowsSilent: weight([M], ...rowsSilent) },
  sample: { n: sample.length / D, values: Float32Array.from(sample) },
  pass: 3,
  passes: 4,
  key: 1,
})
const rule = { times: 1, deadAfter: 100, D, code: rectifiedCode }

describe('dead latents', () => {
  test('begin anew at the row that is rebuilt worst, a fifth as long as those alive', () => {
    // The first row is rebuilt whole, the second not at all.
    const revised = resample(given([0, 101, 0], [4, 0, 0, 3]), rule)
    if (!revised) throw new Error('nothing was revised')
    expect(Array.from(revised.weights.decoder.values)).toEqual([1, 0, 0, 1, -1, 0])
    // mean length of the encoder rows 0 and 2 is 1.5
    expect(Array.from(revised.weights.encoder.values.subarray(2, 4))).toEqual([0, Math.fround(0.2 * 1.5)])
    expect(Array.from(revised.weights.encoderBias.values)).toEqual([0, 0, 0])
    expect(Array.from(revised.buffers.rowsSilent.values)).toEqual([0, 0, 0])
    expect(revised.fresh).toEqual({ encoder: [1], encoderBias: [1], decoder: [1] })
  })

  test('begin with further weights at zero', () => {
    const { weights, ...rest } = given([0, 101, 0], [4, 0, 0, 3])
    const gain = weight([M], 1, 2, 3)
    const revised = resample({ ...rest, weights: { ...weights, gain } }, { ...rule, code: () => 0, zeroed: ['gain'] })
    expect(Array.from(revised?.weights.gain.values ?? [])).toEqual([1, 0, 3])
    expect(revised?.fresh.gain).toEqual([1])
  })

  test('leave what they were given as it was', () => {
    const revision = given([0, 101, 0], [4, 0, 0, 3])
    const before = structuredClone(revision)
    resample(revision, rule)
    expect(revision).toEqual(before)
  })

  test('stay where none is dead, and where it is not time', () => {
    expect(resample(given([0, 100, 0], [4, 0, 0, 3]), rule)).toBeNull()
    expect(resample({ ...given([0, 101, 0], [4, 0, 0, 3]), pass: 2 }, rule)).toBeNull()
  })

  test('get a direction even when every row lies at the centre', () => {
    const revised = resample(given([0, 101, 0], [0, 0]), rule)
    expect(Array.from(revised?.weights.decoder.values.subarray(2, 4) ?? [])).toEqual([1, 0])
  })
})

test('new starts are spread over the first three quarters of the passes, never after the last', () => {
  expect(resamplingPasses(4, 40)).toEqual([8, 15, 23, 30])
  expect(resamplingPasses(4, 2)).toEqual([1])
  expect(resamplingPasses(0, 40)).toEqual([])
  expect(resamplingPasses(1, 1)).toEqual([])
})
