/** Sparse autoencoders against their papers' formulas, computed number by number. */
import { describe, expect, test } from 'vitest'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { grad, scalar, type Scalar, type Tensor, tensor, tensor2d } from '#engine/compute/tfjs.ts'
import { geometricMedian } from '#engine/layers/geometricMedian.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Noise } from '#engine/models/define.ts'
import { modelById } from '#engine/models/registry.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const [B, D, M] = [6, 5, 12]
const draw = normalsOf(stepKey(3, 0), 'rows')
const rows = Float32Array.from({ length: B * D }, (_, i) => draw(i))
const x = tensor2d(rows, [B, D])
const training: Noise = { uniform: () => scalar(0), normal: () => scalar(0) }
const valuesOf = (given: Tensor): number[] => Array.from(given.dataSync())

function model(id: string, params: Readonly<Record<string, unknown>>) {
  const definition = modelById(id)
  const built = definition.build(definition.params.parse({ codeSize: M, ...params }), D)
  if (built.kind !== 'gradient') throw new Error('not a gradient model')
  const [stage] = built.stages
  const bias = normalsOf(stepKey(4, 0), 'bias')
  const start = stage.initialWeights(initialiserOf(1), { n: B, values: rows })
  const weights: Record<string, Tensor> = Object.fromEntries(
    Object.entries(start).map(([name, { shape, values }]) => [
      name,
      // biases that are all zero would hide mistakes
      tensor(/bias/i.test(name) ? values.map((value, i) => value + 0.2 * bias(i)) : values, [...shape]),
    ]),
  )
  const buffers = Object.fromEntries(
    Object.entries(stage.buffers ?? {}).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]),
  )
  const scalars = Object.fromEntries(Object.entries(stage.scalars?.(9999, 10_000) ?? {}).map(([name, value]) => [name, scalar(value)]))
  const loss = (noise: Noise | null = training, over: Record<string, Tensor> = {}) =>
    stage.loss(x, { ...weights, ...over }, noise, { buffers, scalars })
  return { built, stage, weights, buffers, loss }
}

type Matrix = readonly (readonly number[])[]
const matrix = (values: readonly number[], columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, i) => values.slice(i * columns, (i + 1) * columns))
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** π, and x̂ of any codes, by loops. */
function byHand(weights: Readonly<Record<string, Tensor>>) {
  const [W, b, decoder, centre] = [weights.encoder, weights.encoderBias, weights.decoder, weights.preBias].map(valuesOf)
  const [encoderRows, decoderRows] = [matrix(W, D), matrix(decoder, D)]
  const centred = matrix(Array.from(rows), D).map((row) => row.map((value, j) => value - centre[j]))
  const products = centred.map((row) => encoderRows.map((direction) => dot(row, direction)))
  const pi = products.map((row) => row.map((value, m) => value + b[m]))
  const rebuilt = (f: Matrix): Matrix =>
    f.map((codes) => centre.map((c, j) => c + codes.reduce((sum, code, m) => sum + code * decoderRows[m][j], 0)))
  const squared = (f: Matrix): number =>
    rebuilt(f).reduce((sum, row, i) => sum + row.reduce((s, value, j) => s + (value - rows[i * D + j]) ** 2, 0), 0) / B
  const means = Array.from({ length: D }, (_, j) => rows.reduce((sum, value, at) => sum + (at % D === j ? value : 0), 0) / B)
  const spread = rows.reduce((sum, value, at) => sum + (value - means[at % D]) ** 2, 0) / B
  return { products, pi, rebuilt, squared, spread, share: (f: Matrix) => squared(f) / spread }
}
const firstCentre = (): Float32Array => Float32Array.from(geometricMedian(rows, B, D))
const positive = (value: number): number => Math.max(0, value)

describe('ReLU and L1', () => {
  test('squared error and the sum of codes times λ', () => {
    const { built, weights, loss } = model('sae-relu', { targetCodes: null, pull: 0.3 })
    const { pi, squared } = byHand(weights)
    const f = pi.map((row) => row.map(positive))
    expect(valuesOf(built.encode(x, weights))).toEqual(f.flat().map((value) => expect.closeTo(value, 4)))
    const { terms, buffers } = loss()
    expect(valuesOf(terms.reconstruction)[0]).toBeCloseTo(squared(f), 4)
    expect(valuesOf(terms.sparsity)[0]).toBeCloseTo((0.3 * f.flat().reduce((a, b) => a + b, 0)) / B, 4)
    expect(valuesOf(buffers?.pull as Tensor)).toEqual([Math.fround(0.3)])
  })

  test('λ grows where rows use more codes than wanted and falls where fewer', () => {
    const pullAfter = (targetCodes: number) => valuesOf(model('sae-relu', { targetCodes, pull: 1 }).loss().buffers?.pull as Tensor)[0]
    expect(pullAfter(1)).toBeCloseTo(1.02, 5)
    expect(pullAfter(12)).toBeLessThan(1)
    expect(pullAfter(12)).toBeGreaterThan(0.98)
  })
})

describe('gates', () => {
  test('let codes through whole, and are punished apart', () => {
    const { built, weights, loss } = model('sae-gated', { targetCodes: null, pull: 0.3 })
    const gain = tensor(
      Float32Array.from({ length: M }, (_, m) => 0.1 * m),
      [M],
    )
    const given = { ...weights, logGain: gain }
    const { products, pi, squared } = byHand(given)
    const sizeBias = valuesOf(weights.sizeBias)
    const gates = pi.map((row) => row.map(positive))
    const f = products.map((row, i) => row.map((product, m) => (pi[i][m] > 0 ? positive(product * Math.exp(0.1 * m) + sizeBias[m]) : 0)))
    expect(valuesOf(built.encode(x, given))).toEqual(f.flat().map((value) => expect.closeTo(value, 4)))
    const { terms } = loss(training, { logGain: gain })
    expect(valuesOf(terms.reconstruction)[0]).toBeCloseTo(squared(f), 3)
    expect(valuesOf(terms.gates)[0]).toBeCloseTo(squared(gates), 3)
    expect(valuesOf(terms.sparsity)[0]).toBeCloseTo((0.3 * gates.flat().reduce((a, b) => a + b, 0)) / B, 4)
  })

  test('teach the dictionary nothing', () => {
    const { weights, loss } = model('sae-gated', {})
    const towards = (of: 'total' | 'reconstruction') =>
      valuesOf(
        grad((decoder) => {
          const { total, terms } = loss(training, { decoder })
          return of === 'total' ? total : (terms.reconstruction as Scalar)
        })(weights.decoder),
      )
    expect(towards('total')).toEqual(towards('reconstruction'))
  })
})

describe('JumpReLU', () => {
  test('codes above their thresholds keep their size, and their number is what is punished', () => {
    const { built, weights, loss } = model('sae-jumprelu', { targetCodes: 2, pull: 0.5, firstThreshold: 0.4 })
    const { pi, share } = byHand(weights)
    const f = pi.map((row) => row.map((value) => (value > 0.4 ? value : 0)))
    expect(valuesOf(built.encode(x, weights))).toEqual(f.flat().map((value) => expect.closeTo(value, 4)))
    const l0 = f.flat().filter((value) => value > 0).length / B
    const { terms } = loss()
    expect(valuesOf(terms.reconstruction)[0]).toBeCloseTo(share(f), 4)
    expect(valuesOf(terms.sparsity)[0]).toBeCloseTo(0.5 * (l0 / 2 - 1) ** 2, 4)
  })

  const [theta, share] = [0.4, 0.5]
  const width = share * theta
  const inBand = (value: number): boolean => Math.abs(positive(value) - theta) < width / 2
  const banded = { targetCodes: null, pull: 1, firstThreshold: theta, bandwidth: share, auxiliaryWeight: 0 }
  const towardsThreshold = (of: 'sparsity' | 'reconstruction') => {
    const { weights, loss } = model('sae-jumprelu', banded)
    return valuesOf(grad((logThreshold) => loss(training, { logThreshold }).terms[of] as Scalar)(weights.logThreshold))
  }

  test('thresholds get the gradient of the paper for the number of codes: −ε⁻¹ K((π − θ)/ε) for each, times θ', () => {
    const { pi } = byHand(model('sae-jumprelu', banded).weights)
    // ∂/∂t = θ ∂/∂θ
    const expected = Array.from({ length: M }, (_, m) => (-theta * pi.filter((row) => inBand(row[m])).length) / width / B)
    expect(Math.min(...expected)).toBeLessThan(0)
    expect(towardsThreshold('sparsity')).toEqual(expected.map((value) => expect.closeTo(value, 4)))
  })

  test('and for the error: −θ ε⁻¹ K((π − θ)/ε) ∂E/∂f, times θ', () => {
    const { weights } = model('sae-jumprelu', banded)
    const { pi, rebuilt, spread } = byHand(weights)
    const back = rebuilt(pi.map((row) => row.map((value) => (value > theta ? value : 0))))
    const W = matrix(valuesOf(weights.decoder), D)
    const towardsCode = (i: number, m: number) =>
      (2 / (B * spread)) *
      dot(
        back[i].map((value, j) => value - rows[i * D + j]),
        W[m],
      )
    const expected = W.map((_, m) =>
      pi.reduce((sum, row, i) => sum - (inBand(row[m]) ? (theta * theta * towardsCode(i, m)) / width : 0), 0),
    )
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01)
    expect(towardsThreshold('reconstruction')).toEqual(expected.map((value) => expect.closeTo(value, 4)))
  })

  test('thresholds start where rows use the wanted number of codes', () => {
    const { built, weights } = model('sae-jumprelu', { targetCodes: 2 })
    const unbiased = { ...weights, encoderBias: tensor(new Float32Array(M), [M]), preBias: tensor(firstCentre(), [D]) }
    expect(valuesOf(built.encode(x, unbiased)).filter((value) => value > 0)).toHaveLength(2 * B)
  })
})

describe('BatchTopK', () => {
  test('keeps the k·B largest of the batch, and remembers the least of them', () => {
    const { weights, loss } = model('batch-topk', { k: 2, auxiliaryWeight: 0 })
    const { pi, share } = byHand(weights)
    const all = pi.flat().map(positive)
    const least = [...all].sort((a, b) => b - a)[2 * B - 1]
    const f = pi.map((row) => row.map((value) => (value >= least ? value : 0)))
    expect(f.flat().filter((value) => value > 0)).toHaveLength(2 * B)
    const { total, buffers } = loss()
    expect(valuesOf(total)[0]).toBeCloseTo(share(f), 4)
    expect(valuesOf(buffers?.threshold as Tensor)[0]).toBeCloseTo(0.01 * least, 5)
    const fired = pi[0].map((_, m) => f.some((row) => row[m] > 0))
    expect(valuesOf(buffers?.rowsSilent as Tensor)).toEqual(fired.map((has) => (has ? 0 : B)))
  })

  test('remembers the mean of the first hundred steps, not a part of it', () => {
    const { stage } = model('batch-topk', { k: 2 })
    const shares = Array.from({ length: 300 }, (_, step) => stage.scalars?.(step, 300).forgotten as number)
    const after = (steps: number) => shares.slice(0, steps).reduce((threshold, share) => threshold + share * (0.7 - threshold), 0)
    for (const steps of [1, 5, 300]) expect(after(steps)).toBeCloseTo(0.7, 12)
    expect(shares[3]).toBe(1 / 4)
    expect(shares[299]).toBe(0.01)
  })

  test('uses about k codes of a held-out row after a short training too', async () => {
    const options = trainOptions('batch-topk', { codeSize: 16, k: 2, epochs: 1, batchSize: 64 })
    const { weights } = await trainModel(options)
    const definition = modelById('batch-topk')
    const built = definition.build(definition.params.parse(options.params), options.inputDim)
    const X = tensor2d(options.holdout, [options.holdoutRows, options.inputDim])
    const tensors = Object.fromEntries(Object.entries(weights).map(([name, { shape, values: own }]) => [name, tensor(own, [...shape])]))
    const used = valuesOf(built.encode(X, tensors)).filter((code) => code > 0).length / options.holdoutRows
    expect(used).toBeGreaterThan(1)
    expect(used).toBeLessThan(4)
  })

  test('afterwards keeps what is above the threshold, which belongs to the trained model', async () => {
    const { built, weights } = model('batch-topk', { k: 2 })
    const { pi } = byHand(weights)
    const codes = valuesOf(built.encode(x, { ...weights, threshold: scalar(0.5) }))
    expect(codes).toEqual(pi.flat().map((value) => expect.closeTo(value > 0.5 ? value : 0, 4)))
    const result = await trainModel(trainOptions('batch-topk', { codeSize: 16, k: 2, epochs: 3, batchSize: 64 }))
    expect(result.weights.threshold.shape).toEqual([])
    expect(result.weights.threshold.values[0]).toBeGreaterThan(0)
  })
})

describe('the k-sparse autoencoder', () => {
  const latent = (weights: Readonly<Record<string, Tensor>>) => {
    const [W, b] = [matrix(valuesOf(weights.encoder), D), valuesOf(weights.encoderBias)]
    return matrix(Array.from(rows), D).map((row) => W.map((direction, m) => dot(row, direction) + b[m]))
  }
  const kept = (z: Matrix, k: number): Matrix =>
    z.map((row) => {
      const least = [...row].sort((a, b) => b - a)[k - 1]
      return row.map((value) => (value >= least && value > 0 ? value : 0))
    })

  test('keeps αk codes of a linear layer, and rebuilds with the same weights', () => {
    const { built, weights } = model('k-sparse', { k: 2, alpha: 2 })
    const f = kept(latent(weights), 4)
    const codes = built.encode(x, weights)
    expect(valuesOf(codes)).toEqual(f.flat().map((value) => expect.closeTo(value, 4)))
    const [W, bias] = [matrix(valuesOf(weights.encoder), D), valuesOf(weights.decoderBias)]
    const back = f.map((row) => bias.map((c, j) => c + row.reduce((sum, code, m) => sum + code * W[m][j], 0)))
    expect(valuesOf(built.decode(codes, weights))).toEqual(back.flat().map((value) => expect.closeTo(value, 4)))
  })

  test('learns with more codes at first and with k from the middle on', () => {
    const { stage, weights } = model('k-sparse', { k: 2, firstK: 6 })
    const at = (step: number) => stage.scalars?.(step, 100).k
    expect([at(0), at(25), at(50), at(99)]).toEqual([6, 4, 2, 2])
    const errorWith = (k: number) => {
      const f = kept(latent(weights), k)
      const [W, bias] = [matrix(valuesOf(weights.encoder), D), valuesOf(weights.decoderBias)]
      return (
        f.reduce(
          (sum, row, i) =>
            sum +
            bias.reduce(
              (s, c, j) =>
                s +
                (c +
                  dot(
                    row,
                    W.map((direction) => direction[j]),
                  ) -
                  rows[i * D + j]) **
                  2,
              0,
            ),
          0,
        ) / B
      )
    }
    for (const k of [6, 3, 2])
      expect(valuesOf(stage.loss(x, weights, training, { buffers: {}, scalars: { k: scalar(k) } }).total)[0]).toBeCloseTo(errorWith(k), 4)
  })
})
