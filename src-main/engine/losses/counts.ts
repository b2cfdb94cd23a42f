/**
 * How counts scatter around what a decoder says: ln p(x) of every count, constants included, in nats.
 *
 *   NB    ln Γ(x+θ) − ln Γ(θ) − ln Γ(x+1) + θ ln θ + x ln μ − (x+θ) ln(θ+μ)          mean μ, variance μ + μ²/θ
 *   ZINB  ln(π + (1−π) NB(0)) where x = 0, ln(1−π) + NB(x) elsewhere                     π = σ(g), zeros beyond those of NB
 *
 * θ is the inverse dispersion: a large one gives Poisson's distribution, where single terms are large and nearly cancel. With
 * ln Γ(v) = (r − ½) ln r − r + ½ ln 2π + S(r) − ln p(v),  r = v + 2,  p(v) = v (v+1),  they cancel before they are computed:
 *
 *   q = θ+2,  r = x+q,  A = ln(r/q),  W = ln(1 + μ/θ)
 *   NB = (r − ½) A + x (ln q − ln θ + ln μ − 1 − W) − θ W + S(r) − S(q) − ln p(x+θ)/p(θ) − ln Γ(x+1)
 *   ∂/∂ln μ = (x − μ)/(1 + μ/θ)
 *   ∂/∂ln θ = θ (ψ(x+θ) − ψ(θ) − W) − ∂/∂ln μ                    ψ(v) = ln r − 1/2r + T(r) − p′/p
 *
 * S and T are what Stirling's series go on with, as polynomials fitted for r ≥ 2: errors below 5e-8 and 7e-8. ln μ is taken instead of
 * μ, so μ may be as small as it likes. Four logarithms a count; test/numeric/countVae.test.ts holds it against scipy.
 * Shapes: x, ln μ, g, result [B, D] · ln θ [D]; ln θ counts as within ±18. No gradient by x.
 */
import {
  add,
  clipByValue,
  customGrad,
  div,
  equal,
  exp,
  type GradSaveFunc,
  log,
  mul,
  neg,
  reciprocal,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'

const shift = 2
const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)
const largestLogTheta = 18

/** p(v), and its derivative over itself. */
function rising(v: Tensor): { readonly p: Tensor; readonly slope: Tensor } {
  const p = mul(v, add(v, 1))
  return { p, slope: div(add(mul(v, 2), 1), p) }
}

/** r S(r) and r² T(r) by powers of 1/r². */
const [s0, s1, s2] = [0.08333274522262117, -0.0027574902605142794, 0.000609606091336453]
const [t0, t1, t2] = [-0.0833274106911855, 0.008176147649653024, -0.002692503161012062]

function tailOfLogGamma(inverse: Tensor): Tensor {
  const inverse2 = square(inverse)
  return mul(inverse, add(s0, mul(inverse2, add(s1, mul(inverse2, s2)))))
}
/** T(r) − 1/2r */
function tailOfDigamma(inverse: Tensor): Tensor {
  const inverse2 = square(inverse)
  return sub(mul(inverse2, add(t0, mul(inverse2, add(t1, mul(inverse2, t2))))), mul(0.5, inverse))
}

/** ln u for u = 1 + y as rounded, with what rounding lost: exact for tiny y too. */
const logOfOneAnd = (y: Tensor, u: Tensor, inverseU: Tensor): Tensor => add(log(u), mul(sub(y, sub(u, 1)), inverseU))

function parts(x: Tensor, logMu: Tensor, logTheta: Tensor) {
  const theta = exp(logTheta)
  const q = add(theta, shift)
  const inverseQ = reciprocal(q)
  const r = add(x, q)
  const inverseR = reciprocal(r)
  const y = mul(x, inverseQ)
  const A = logOfOneAnd(y, add(y, 1), mul(q, inverseR))
  const mu = exp(logMu)
  const ratio = mul(mu, reciprocal(theta))
  const w = add(ratio, 1)
  const inverseW = reciprocal(w)
  const W = logOfOneAnd(ratio, w, inverseW)
  return { theta, q, inverseQ, r, inverseR, A, mu, inverseW, W, atTheta: rising(theta), atSum: rising(add(x, theta)) }
}

function value(x: Tensor, logMu: Tensor, logTheta: Tensor): Tensor {
  const { theta, q, inverseQ, r, inverseR, A, W, atTheta, atSum } = parts(x, logMu, logTheta)
  const perTheta = sub(sub(log(q), logTheta), 1)
  const perCount = mul(x, sub(add(perTheta, logMu), W))
  const stirling = add(mul(sub(r, 0.5), A), sub(tailOfLogGamma(inverseR), tailOfLogGamma(inverseQ)))
  // ln Γ(x+1) by the same series; the logarithms of both products are one.
  const n = add(x, 1)
  const rn = add(n, shift)
  const factorial = add(sub(mul(sub(rn, 0.5), log(rn)), sub(rn, halfLogTwoPi)), tailOfLogGamma(reciprocal(rn)))
  const products = log(div(mul(atSum.p, reciprocal(atTheta.p)), rising(n).p))
  return sub(sub(add(stirling, perCount), mul(theta, W)), add(products, factorial))
}

/** ln NB(x; μ, θ) */
export function logNegativeBinomial(x: Tensor2D, logMu: Tensor2D, logTheta: Tensor1D): Tensor2D {
  const withGradient = customGrad((counts, logMean, logDispersion, save) => {
    const given = [counts, logMean, logDispersion] as Tensor[]
    ;(save as unknown as GradSaveFunc)(given)
    return {
      value: value(given[0], given[1], given[2]),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const { theta, inverseQ, inverseR, A, mu, inverseW, W, atTheta, atSum } = parts(saved[0], saved[1], saved[2])
        const byMu = mul(sub(saved[0], mu), inverseW)
        const digammas = sub(add(A, sub(tailOfDigamma(inverseR), tailOfDigamma(inverseQ))), sub(atSum.slope, atTheta.slope))
        const byTheta = sub(mul(theta, sub(digammas, W)), byMu)
        return [zerosLike(saved[0]), mul(dy, byMu), sum(mul(dy, byTheta), 0)]
      },
    }
  })
  return withGradient(x, logMu, clipByValue(logTheta, -largestLogTheta, largestLogTheta)) as Tensor2D
}

/** ln ZINB(x; μ, θ, π), g the log-odds of π. */
export function logZeroInflated(x: Tensor2D, logMu: Tensor2D, logTheta: Tensor1D, g: Tensor2D): Tensor2D {
  const counted = logNegativeBinomial(x, logMu, logTheta)
  const zero = sub(softplus(sub(counted, g)), softplus(neg(g)))
  return where(equal(x, 0), zero, sub(counted, softplus(g))) as Tensor2D
}
