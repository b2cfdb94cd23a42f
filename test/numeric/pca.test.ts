import { Matrix, SingularValueDecomposition, solve } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { Covariance } from '#engine/compute/linear/covariance.ts'
import { leadingEigenpairs } from '#engine/compute/linear/eigenvectors.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'

const never = new AbortController().signal

/** Rows with a known falling spectrum, far from the origin. */
function rowsOf(n: number, d: number, offset: number): Float32Array {
  const draw = normalsOf(stepKey(5, 0), 'pca rows')
  const mix = normalsOf(stepKey(6, 0), 'pca mix')
  return Float32Array.from({ length: n * d }, (_, at) => {
    const [row, column] = [Math.floor(at / d), at % d]
    let value = offset
    for (let k = 0; k < 6; k++) value += (3 / (k + 1)) * draw(row * 6 + k) * mix(k * d + column)
    return value + 0.05 * draw(n * 6 + at)
  })
}

/** Right singular vectors of the centred rows, by another algorithm. */
function reference(X: Float32Array, n: number, d: number) {
  const matrix = Matrix.from1DArray(n, d, Array.from(X)).center('column')
  const { rightSingularVectors, diagonal } = new SingularValueDecomposition(matrix)
  return { V: rightSingularVectors, variances: diagonal.map((s) => s ** 2 / (n - 1)) }
}

describe('principal components', () => {
  test('equal the singular value decomposition of the centred rows', async () => {
    const [n, d, k] = [400, 12, 4]
    const train = rowsOf(n, d, 1000)
    const { weights } = await trainModel(
      trainOptions('pca', { components: k }, { train, trainRows: n, holdout: train, holdoutRows: n, inputDim: d }),
    )
    const { V, variances } = reference(train, n, d)
    for (let j = 0; j < k; j++) {
      expect(weights.variance.values[j] / variances[j]).toBeCloseTo(1, 5)
      const ours = Array.from({ length: d }, (_, i) => weights.components.values[i * k + j])
      const cosine = ours.reduce((sum, v, i) => sum + v * V.get(i, j), 0)
      expect(Math.abs(cosine)).toBeCloseTo(1, 6)
      // The sign is fixed by the largest loading.
      expect(ours.reduce((best, v) => (Math.abs(v) > Math.abs(best) ? v : best), 0)).toBeGreaterThan(0)
    }
  })

  test('of more columns than can be squared equal the singular value decomposition too', async () => {
    const [n, d, k] = [80, 700, 4]
    const train = rowsOf(n, d, 10)
    const { weights } = await trainModel(
      trainOptions('pca', { components: k }, { train, trainRows: n, holdout: train, holdoutRows: n, inputDim: d }),
    )
    // The right singular vectors of the transpose are the left ones of the rows: the smaller problem of the two.
    const centred = Matrix.from1DArray(n, d, Array.from(train)).center('column')
    const { leftSingularVectors, diagonal } = new SingularValueDecomposition(centred.transpose())
    for (let j = 0; j < k; j++) {
      expect(weights.variance.values[j] / (diagonal[j] ** 2 / (n - 1))).toBeCloseTo(1, 4)
      const cosine = Array.from({ length: d }, (_, i) => weights.components.values[i * k + j] * leftSingularVectors.get(i, j)).reduce(
        (a, b) => a + b,
      )
      expect(Math.abs(cosine)).toBeCloseTo(1, 4)
    }
  })

  test.each([3, 700])('of a single row of %d columns give that row back', async (d) => {
    const train = rowsOf(1, d, 10)
    const { trainError, weights } = await trainModel(
      trainOptions('pca', { components: 2 }, { train, trainRows: 1, holdout: new Float32Array(0), holdoutRows: 0, inputDim: d }),
    )
    expect(trainError).toBeLessThan(1e-10)
    expect(Array.from(weights.variance.values)).toEqual([0, 0])
  })

  test('explain just the share of variance their eigenvalues say', async () => {
    const [n, d, k] = [400, 12, 3]
    const train = rowsOf(n, d, 0)
    const result = await trainModel(
      trainOptions('pca', { components: k }, { train, trainRows: n, holdout: new Float32Array(0), holdoutRows: 0, inputDim: d }),
    )
    const { variances } = reference(train, n, d)
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
    expect(result.explainedVariance).toBeCloseTo(sum(variances.slice(0, k)) / sum(variances), 5)
  })

  test('of a large matrix by subspace iteration equal those of the whole decomposition', async () => {
    const [n, d, k] = [500, 300, 5]
    const covariance = new Covariance(d)
    covariance.add(rowsOf(n, d, 10), n)
    const S = covariance.matrix()
    const some = await leadingEigenpairs(S, d, k, 1, never)
    const all = await leadingEigenpairs(S, d, d, 1, never)
    for (let j = 0; j < k; j++) {
      expect(some.values[j] / all.values[j]).toBeCloseTo(1, 8)
      for (let i = 0; i < d; i++) expect(some.vectors[i * k + j]).toBeCloseTo(all.vectors[i * d + j], 5)
    }
  })

  test('of a large matrix end when they are cancelled', async () => {
    const d = 900
    const controller = new AbortController()
    const S = Float64Array.from({ length: d * d }, (_, i) => 1 / (1 + Math.abs((i % d) - Math.floor(i / d))))
    const found = leadingEigenpairs(S, d, d, 1, controller.signal)
    setTimeout(() => controller.abort(), 20)
    await expect(found).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  test('refuse more components than columns', async () => {
    await expect(trainModel(trainOptions('pca', { components: 6 }))).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  })
})

describe('covariance', () => {
  test('is the same in one block and in many, however far the rows are from zero', () => {
    const [n, d] = [1000, 5]
    const X = rowsOf(n, d, 1e4)
    const whole = new Covariance(d)
    whole.add(X, n)
    const parts = new Covariance(d)
    for (const [from, to] of [
      [0, 1],
      [1, 300],
      [300, 300],
      [300, 1000],
    ])
      parts.add(X.subarray(from * d, to * d), to - from)
    expect(parts.n).toBe(n)
    const [a, b] = [whole.matrix(), parts.matrix()]
    for (let i = 0; i < d * d; i++) expect(b[i] / a[i]).toBeCloseTo(1, 9)
  })

  test('of three points worked out by hand', () => {
    // (0,0) (2,0) (1,3): mean (1,1), Σ(x−1)² = 2, Σ(y−1)² = 6, Σ(x−1)(y−1) = 0
    const covariance = new Covariance(2)
    covariance.add(Float32Array.of(0, 0, 2, 0, 1, 3), 3)
    expect(Array.from(covariance.matrix())).toEqual([1, 0, 0, 3])
  })
})

test('a linear autoencoder finds the plane of PCA', async () => {
  const [n, d, k] = [600, 6, 2]
  const train = rowsOf(n, d, 0).map((v) => v * 0.3)
  const rows = { train, trainRows: n, holdout: new Float32Array(0), holdoutRows: 0, inputDim: d }
  const pca = await trainModel(trainOptions('pca', { components: k }, rows))
  const linear = await trainModel(
    trainOptions(
      'autoencoder',
      { encoder: [], codeSize: k, activation: 'linear', epochs: 150, batchSize: 60, learningRate: 0.01, learningRateSchedule: 'cosine' },
      rows,
    ),
  )
  expect(linear.trainError / pca.trainError).toBeLessThan(1.01)
  expect(linear.trainError / pca.trainError).toBeGreaterThan(0.9999)
  // Every principal axis lies in the span of the decoder's rows: least squares leaves nothing.
  const decoder = new Matrix(
    Array.from({ length: k }, (_, j) => Array.from(linear.weights['decoder/0/kernel'].values.subarray(j * d, (j + 1) * d))),
  ).transpose()
  for (let j = 0; j < k; j++) {
    const axis = Matrix.columnVector(Array.from({ length: d }, (_, i) => pca.weights.components.values[i * k + j]))
    const inSpan = decoder.mmul(solve(decoder, axis))
    expect(Matrix.sub(axis, inSpan).norm()).toBeLessThan(0.03)
  }
})
