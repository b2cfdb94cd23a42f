/**
 * The sparse kernels on TensorFlow.js's `cpu` backend: the definition of what they compute, slow and exact.
 * Letters as in ops.ts; v [B, k] values, j [B, k] index.
 */
import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core'

type Values = Float32Array | Int32Array
type Attrs = Readonly<Record<string, number>>
interface CpuBackend {
  readSync(dataId: object): Values
  makeTensorInfo(shape: readonly number[], dtype: string, values: Values): TensorInfo
}
interface Given {
  readonly shape: readonly number[]
  readonly values: Values
}
type Result = readonly [shape: readonly number[], values: Values]
type Reference = (inputs: Readonly<Record<string, Given>>, attrs: Attrs) => Result | readonly Result[]

const dot = (a: Values, i: number, b: Values, j: number, n: number): number => {
  let sum = 0
  for (let d = 0; d < n; d++) sum += a[i * n + d] * b[j * n + d]
  return sum
}

/** The k largest, the lower index first among equals. */
export function topIndices(row: ArrayLike<number>, k: number): Int32Array {
  const order = Int32Array.from({ length: row.length }, (_, i) => i)
  return order.sort((i, j) => row[j] - row[i] || i - j).slice(0, k)
}

const references: Readonly<Record<string, Reference>> = {
  /** (v, j) of the k largest of x Wᵀ + b */
  SparseEncode({ x, W, b }, { k }) {
    const [[B, D], M] = [x.shape, W.shape[0]]
    const values = new Float32Array(B * k)
    const index = new Int32Array(B * k)
    for (let r = 0; r < B; r++) {
      const pre = Float32Array.from({ length: M }, (_, m) => dot(x.values, r, W.values, m, D) + b.values[m])
      const top = topIndices(pre, k)
      index.set(top, r * k)
      for (let i = 0; i < k; i++) values[r * k + i] = Math.max(0, pre[top[i]])
    }
    return [
      [[B, k], values],
      [[B, k], index],
    ]
  },

  /** y = Σ_j v W_j */
  SparseDecode({ values: v, index, W }) {
    const [[B, k], D] = [v.shape, W.shape[1]]
    const y = new Float64Array(B * D)
    for (let p = 0; p < B * k; p++)
      for (let d = 0; d < D; d++) y[Math.floor(p / k) * D + d] += v.values[p] * W.values[index.values[p] * D + d]
    return [[B, D], Float32Array.from(y)]
  },

  /** dv = dy·W_j where v ≠ 0 */
  SparseDots({ dy, index, W, values: v }) {
    const [[B, k], D] = [index.shape, W.shape[1]]
    const dots = Float32Array.from({ length: B * k }, (_, p) =>
      v.values[p] === 0 ? 0 : dot(dy.values, Math.floor(p / k), W.values, index.values[p], D),
    )
    return [[B, k], dots]
  },

  /** Row j: Σ v x over the rows of x in which j is active */
  SparseOuter({ values: v, index, x }, { rows }) {
    const [[B, k], D] = [v.shape, x.shape[1]]
    const sums = new Float64Array(rows * D)
    for (let p = 0; p < B * k; p++)
      for (let d = 0; d < D; d++) sums[index.values[p] * D + d] += v.values[p] * x.values[Math.floor(p / k) * D + d]
    return [[rows, D], Float32Array.from(sums)]
  },

  /** Σ v by latent */
  SparseSums({ values: v, index }, { rows }) {
    const sums = new Float64Array(rows)
    for (let p = 0; p < v.values.length; p++) sums[index.values[p]] += v.values[p]
    return [[rows], Float32Array.from(sums)]
  },
}

for (const [kernelName, reference] of Object.entries(references)) {
  registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc({ inputs, attrs, backend }) {
      const cpu = backend as CpuBackend
      const given = Object.fromEntries(
        Object.entries(inputs).map(([name, x]) => [
          name,
          { shape: (x as TensorInfo).shape, values: cpu.readSync((x as TensorInfo).dataId) },
        ]),
      )
      const toInfo = ([shape, values]: Result): TensorInfo =>
        cpu.makeTensorInfo(shape, values instanceof Float32Array ? 'float32' : 'int32', values)
      const result = reference(given, (attrs ?? {}) as Attrs)
      return isList(result) ? result.map(toInfo) : toInfo(result)
    },
  })
}

const isList = (result: Result | readonly Result[]): result is readonly Result[] => Array.isArray(result[1])
