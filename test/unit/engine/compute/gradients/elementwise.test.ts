import { describe, expect, test } from 'vitest'
import { digamma } from '#engine/compute/special/gamma.ts'
import { div, grad, grads, scalar, setBackend } from '#engine/compute/tfjs.ts'

setBackend('cpu')

describe('a quotient', () => {
  // ∂(a/b)/∂b = −a/b², though b² itself is beyond float32 either way.
  test.each([
    [1e-30, 1e-25, -1e20],
    [1e20, 1e20, -1e-20],
    [3, -2, -0.75],
  ])('%d / %d has the gradient %d by the divisor', (a, b, expected) => {
    const [da, db] = grads((x, y) => div(x, y))([scalar(a), scalar(b)]).map((g) => g.dataSync()[0])
    expect(da * b).toBeCloseTo(1, 5)
    expect(db / expected).toBeCloseTo(1, 5)
  })
})

test('the slope of ψ is right where powers of its argument are beyond float32', () => {
  // ψ′(x) ≈ 1/x + 1/2x²
  for (const x of [10, 1e3, 1e5, 1e7]) {
    const slope = grad((given) => digamma(given))(scalar(x)).dataSync()[0]
    expect(slope * x).toBeCloseTo(1 + 1 / (2 * x) + 1 / (6 * x * x), 4)
  }
})
