/**
 * The curve 1 / (1 + a x^{2b}) that is nearest, by least squares, to 1 up to min_dist and exp(−(x − min_dist) / spread) beyond, at 300 points
 * between 0 and 3 spread: how near points of a neighbourhood come to lie. Levenberg's damped Gauss-Newton steps from a = b = 1.
 */
export interface Curve {
  readonly a: number
  readonly b: number
}

const points = 300

export function curveFor(minDist: number, spread: number): Curve {
  const x = Array.from({ length: points }, (_, i) => (3 * spread * i) / (points - 1))
  const y = x.map((at) => (at < minDist ? 1 : Math.exp(-(at - minDist) / spread)))
  const errorOf = (a: number, b: number): number => x.reduce((sum, at, i) => sum + (1 / (1 + a * at ** (2 * b)) - y[i]) ** 2, 0)
  let [a, b, damping] = [1, 1, 1e-3]
  let error = errorOf(a, b)
  for (let step = 0; step < 200 && damping < 1e12; step++) {
    let [aa, ab, bb, ga, gb] = [0, 0, 0, 0, 0]
    for (const [i, at] of x.entries()) {
      if (at === 0) continue
      const power = at ** (2 * b)
      const value = 1 / (1 + a * power)
      const byA = -power * value * value
      const byB = 2 * a * Math.log(at) * byA
      const residual = y[i] - value
      aa += byA * byA
      ab += byA * byB
      bb += byB * byB
      ga += byA * residual
      gb += byB * residual
    }
    const [p, q] = [aa * (1 + damping), bb * (1 + damping)]
    const determinant = p * q - ab * ab
    const [nextA, nextB] = [a + (q * ga - ab * gb) / determinant, b + (p * gb - ab * ga) / determinant]
    const reached = nextA > 0 && nextB > 0 ? errorOf(nextA, nextB) : Number.POSITIVE_INFINITY
    if (reached >= error) {
      damping *= 10
      continue
    }
    const gained = error - reached
    ;[a, b, error] = [nextA, nextB, reached]
    damping /= 10
    if (gained <= 1e-15) break
  }
  return { a, b }
}
