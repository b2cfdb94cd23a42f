/**
 * Linear variational autoencoders collapse where arXiv 2306.05023 says: with decoder noise η² and price β the best one keeps the
 * directions of x whose variance a is above β η², each at ½ ln(a / β η²) nats, and leaves its other units empty. With conditions c the
 * same holds of what is left of x beyond its regression on c; with a width of q(z|x) fixed to σ, of β η² σ².
 */
import { describe, expect, test } from 'vitest'
import { posteriorCollapse } from '#engine/analysis/reports/posteriorCollapse.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { tensor, tensor2d } from '#engine/compute/tfjs.ts'
import { klPerUnit } from '#engine/losses/kl.ts'
import { buildFor } from '#engine/models/build.ts'
import { modelById } from '#engine/models/registry.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const n = 8000
const draw = normalsOf(stepKey(6, 0), 'rows')
/** Standard normal numbers [n × count] that are uncorrelated on these very rows, so that theory holds for them and not only on average. */
function uncorrelated(count: number, from: number): Float64Array[] {
  const columns: Float64Array[] = []
  for (let j = 0; j < count; j++) {
    const column = Float64Array.from({ length: n }, (_, i) => draw((from + j) * n + i))
    for (const known of [new Float64Array(n).fill(1), ...columns]) {
      const along = column.reduce((sum, value, i) => sum + value * known[i], 0) / n
      for (let i = 0; i < n; i++) column[i] -= along * known[i]
    }
    const spread = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0) / n)
    columns.push(column.map((value) => value / spread))
  }
  return columns
}
/** Turns every pair of columns a little, so that directions are not columns. */
function turned(rows: number[]): number[] {
  const out = [...rows]
  for (let a = 0; a < out.length; a++)
    for (let b = a + 1; b < out.length; b++) {
      const [c, s] = [Math.cos(0.3 * (a + 1) + b), Math.sin(0.3 * (a + 1) + b)]
      ;[out[a], out[b]] = [c * out[a] - s * out[b], s * out[a] + c * out[b]]
    }
  return out
}
const variances = [6, 4, 2.5, 1.5, 0.7, 0.3]
const D = variances.length
const hidden = uncorrelated(D + 2, 0)
const plain = Array.from({ length: n }, (_, i) => turned(variances.map((a, j) => Math.sqrt(a) * hidden[j][i]))).flat()

const linear = {
  codeSize: D,
  encoder: [],
  activation: 'linear',
  learnedSpread: false,
  epochs: 80,
  batchSize: 250,
  learningRate: 0.02,
  learningRateSchedule: 'cosine',
  patience: 0,
}

async function klOfTrained(id: string, params: Readonly<Record<string, unknown>>, X: Float32Array, inputDim: number, conditions = 0) {
  const given = { train: X, trainRows: n, holdout: new Float32Array(0), holdoutRows: 0, inputDim, conditions }
  const { weights } = await trainModel(trainOptions(id, { ...linear, ...params }, given))
  const model = modelById(id)
  const built = buildFor(model, model.params.parse({ ...linear, ...params }), inputDim, conditions)
  if (built.kind !== 'gradient' || !built.posterior) throw new Error('not a variational model')
  const w = Object.fromEntries(Object.entries(weights).map(([name, { shape, values }]) => [name, tensor(values, [...shape])]))
  const x = tensor2d(X, [n, inputDim])
  const q = built.posterior(x, w)
  return (built.divergence?.(x, w) ?? klPerUnit(q.mu, q.logVariance)).dataSync() as Float32Array
}
const priced = (of: readonly number[], threshold: number): number[] =>
  of.map((a) => (a > threshold ? 0.5 * Math.log(a / threshold) : 0)).sort((a, b) => b - a)
const near = (values: readonly number[], tolerance: number) =>
  values.map((value) => expect.toSatisfy((found: number) => Math.abs(found - value) < tolerance))

describe('a linear variational autoencoder', () => {
  test.each([1, 2, 3])('with a price of %d keeps the directions above it, and pays for each what theory says', async (beta) => {
    const kl = await klOfTrained('vae', { beta }, Float32Array.from(plain), D)
    const { units, collapsed, criterion, causes } = posteriorCollapse({
      kl,
      units: D,
      width: 'learned',
      price: beta,
      noiseVariance: 1,
      eigenvalues: variances,
    })
    const kept = variances.filter((a) => a > beta).length
    expect(criterion).toEqual({ threshold: beta, directionsAbove: kept })
    expect(units.map(({ meanKl }) => meanKl).sort((a, b) => b - a)).toEqual(near(priced(variances, beta), 0.04))
    expect(collapsed).toBe(D - kept)
    expect(causes.map(({ cause }) => cause)).toEqual(beta > 1 ? ['price-above-one', 'directions-below-noise'] : ['directions-below-noise'])
  })

  test('with a fixed width keeps those above price × noise × width², though along no unit of their own', async () => {
    const [codeWidth, price] = [0.5, 4]
    // β η² σ² = 1: four directions.
    const kl = await klOfTrained('vae', { beta: price, codeWidth }, Float32Array.from(plain), D)
    const constant = 0.5 * (codeWidth ** 2 - 1 - 2 * Math.log(codeWidth))
    const mean = kl.reduce((sum, value) => sum + value, 0) / n - D * constant
    // With t = u² + β η² = √(a β) η / σ and v = u / t: E μ² = v² a = (1 − β η² / t) a / t.
    const wanted = variances.reduce((sum, a) => {
      const t = Math.sqrt(a * price) / codeWidth
      return sum + (a > price * codeWidth ** 2 ? (0.5 * (1 - price / t) * a) / t : 0)
    }, 0)
    expect(Math.abs(mean - wanted)).toBeLessThan(0.1)
    const { criterion } = posteriorCollapse({ kl, units: D, width: codeWidth, price, noiseVariance: 1, eigenvalues: variances })
    expect(criterion).toEqual({ threshold: 1, directionsAbove: 4 })
  })
})

describe('a linear conditional variational autoencoder', () => {
  // The conditions carry most of the two widest directions, so less is left of those.
  const [told, left] = [
    [5.5, 3.6],
    [0.5, 0.4, 2.5, 1.5, 0.7, 0.3],
  ]
  const X = Array.from({ length: n }, (_, i) => {
    const c = [hidden[D][i], hidden[D + 1][i]]
    return [...turned(left.map((a, j) => Math.sqrt(a) * hidden[j][i] + (j < 2 ? Math.sqrt(told[j]) * c[j] : 0))), ...c]
  }).flat()

  test('keeps the directions that are above it beyond what the conditions tell', async () => {
    const kl = await klOfTrained('cvae', {}, Float32Array.from(X), D + 2, 2)
    const { units, collapsed, causes } = posteriorCollapse({
      kl,
      units: D,
      width: 'learned',
      price: 1,
      noiseVariance: 1,
      eigenvalues: variances,
      eigenvaluesBeyondConditions: left,
    })
    expect(units.map(({ meanKl }) => meanKl).sort((a, b) => b - a)).toEqual(near(priced(left, 1), 0.04))
    expect(collapsed).toBe(4)
    expect(causes[0]).toMatchObject({ cause: 'conditions-tell-it', message: expect.stringContaining('2 directions') })
  })

  test('without its conditions keeps them all, as the ordinary one does', async () => {
    const kl = await klOfTrained('vae', {}, Float32Array.from(X), D + 2, 2)
    const { units, collapsed } = posteriorCollapse({ kl, units: D, width: 'learned', price: 1, noiseVariance: 1 })
    expect(units.map(({ meanKl }) => meanKl).sort((a, b) => b - a)).toEqual(near(priced(variances, 1), 0.04))
    expect(collapsed).toBe(2)
  })
})

describe('a linear hierarchy', () => {
  const two = { secondSize: 2, between: [], secondBeta: 1.3 }
  const report = async (codeWidth: number | null) => {
    const kl = await klOfTrained('hvae', { ...two, codeWidth }, Float32Array.from(plain), D)
    const width = codeWidth ?? 'learned'
    return posteriorCollapse({
      kl,
      units: D + 2,
      width: 'learned',
      firstLevel: { units: D, width },
      price: 1,
      noiseVariance: 1,
      eigenvalues: variances,
    })
  }

  test('leaves its second level empty where the width of the first is learned: the first has the shape of the prior by itself', async () => {
    const { units, causes } = await report(null)
    expect(units.slice(D).map(({ collapsed }) => collapsed)).toEqual([true, true])
    expect(causes[0].cause).toBe('first-width-learned')
  })

  test('uses it where that is fixed to 1, so that the first level varies more than its prior does', async () => {
    const { units } = await report(1)
    expect(units.slice(D).every(({ meanKl, collapsed }) => !collapsed && meanKl > 0.1)).toBe(true)
  })
})
