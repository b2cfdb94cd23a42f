/** Gradients of matrix products and of batch normalisation. */
import { add, matMul, mul, rsqrt, sub, type Tensor, transpose } from '@tensorflow/tfjs-core'
import { type Attrs, define, unbroadcast } from './define.ts'

/** The transposition of the last two axes. */
const flip = (x: Tensor): Tensor => transpose(x, [...Array.from({ length: x.rank - 2 }, (_, i) => i), x.rank - 1, x.rank - 2])

const productGradients = (dy: Tensor, [a, b]: readonly Tensor[], { transposeA, transposeB }: Attrs) => ({
  a: () => {
    const da = transposeB ? matMul(dy, b) : matMul(dy, b, false, true)
    return unbroadcast(transposeA ? flip(da) : da, a)
  },
  b: () => {
    const db = transposeA ? matMul(a, dy) : matMul(a, dy, true, false)
    return unbroadcast(transposeB ? flip(db) : db, b)
  },
})
define('BatchMatMul', { inputsToSave: ['a', 'b'] }, productGradients)

/** y = γ (x − m) s + β with s = 1/√(v + ε); m and v are inputs like any other, wherever they come from. */
define('FusedBatchNorm', { inputsToSave: ['x', 'mean', 'variance', 'scale'] }, (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
  const s = rsqrt(add(variance, varianceEpsilon as number))
  const centred = sub(x, mean)
  const weighted = mul(dy, mul(scale, s))
  return {
    x: () => weighted,
    mean: () => unbroadcast(mul(weighted, -1), mean),
    variance: () => mul(unbroadcast(mul(mul(dy, scale), centred), variance), mul(-0.5, mul(s, mul(s, s)))),
    scale: () => unbroadcast(mul(dy, mul(centred, s)), scale),
    offset: () => unbroadcast(dy, mean),
  }
})
