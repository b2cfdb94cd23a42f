/**
 * Multinomial logistic regression, to ask what a straight cut through the codes can tell apart.
 *
 *   minimises  ½ ‖W‖² + C Σ_i −ln softmax(W x_i + b)[y_i]        b is free, as scikit-learn's LogisticRegression has it
 *
 * by L-BFGS (Nocedal & Wright, algorithm 7.5) with halved steps, until no entry of the gradient is larger than C / 100. It begins with
 * about the diagonal of the Hessian, as columns differ much in how often they are not zero. The problem is convex, so that is the answer
 * whatever the way there.
 */
export interface Labelled {
  /** [n × d] */
  readonly X: Float32Array
  readonly y: Uint8Array
}

const [memory, mostSteps] = [10, 2000]

/** Share of the test rows whose class the probe tells. */
export function probeAccuracy(train: Labelled, test: Labelled, d: number, classes: number, C: number): number {
  const weights = fitProbe(train, d, classes, C)
  const scores = new Float64Array(classes)
  let right = 0
  for (let i = 0; i < test.y.length; i++) {
    scoresOf(test.X.subarray(i * d, i * d + d), weights, scores)
    if (scores.indexOf(Math.max(...scores)) === test.y[i]) right++
  }
  return right / test.y.length
}

/** [(d + 1) × classes], the bias last. */
export function fitProbe({ X, y }: Labelled, d: number, classes: number, C: number): Float64Array {
  const rows: Entries = { ...entriesOf(X, y.length, d), y }
  let w: Float64Array = new Float64Array(classes * (d + 1))
  let { loss, gradient } = lossAt(w, rows, d, classes, C)
  const past: { s: Float64Array; y: Float64Array; rho: number }[] = []
  const scale = scaleOf(rows, d, classes, C)
  for (let step = 0; step < mostSteps; step++) {
    if (Math.max(...gradient.map(Math.abs)) < C / 100) return w
    const direction = towards(gradient, past, scale)
    const slope = dot(direction, gradient)
    let length = 1
    let next = moved(w, direction, length)
    let there = lossAt(next, rows, d, classes, C)
    while (there.loss > loss + 1e-4 * length * slope) {
      length /= 2
      next = moved(w, direction, length)
      there = lossAt(next, rows, d, classes, C)
    }
    const [s, y] = [moved(next, w, -1), moved(there.gradient, gradient, -1)]
    const curvature = dot(s, y)
    if (curvature > 1e-12) past.push({ s, y, rho: 1 / curvature })
    if (past.length > memory) past.shift()
    w = next
    ;({ loss, gradient } = there)
  }
  throw new Error(`The probe has not settled after ${mostSteps} steps.`)
}

/** What is not zero, row by row: codes are mostly zeros. */
interface Entries {
  readonly y: Uint8Array
  /** Row i has the entries start[i] to start[i + 1]; its last is the bias, 1 in column d. */
  readonly start: Uint32Array
  readonly column: Uint32Array
  readonly value: Float64Array
}

function entriesOf(X: Float32Array, n: number, d: number): Pick<Entries, 'start' | 'column' | 'value'> {
  const start = new Uint32Array(n + 1)
  const column: number[] = []
  const value: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      if (X[i * d + j] === 0) continue
      column.push(j)
      value.push(X[i * d + j])
    }
    column.push(d)
    value.push(1)
    start[i + 1] = column.length
  }
  return { start, column: Uint32Array.from(column), value: Float64Array.from(value) }
}

function scoresOf(x: Float32Array, w: Float64Array, into: Float64Array): void {
  const classes = into.length
  for (let c = 0; c < classes; c++) into[c] = w[x.length * classes + c]
  for (let j = 0; j < x.length; j++) {
    const value = x[j]
    if (value !== 0) for (let c = 0; c < classes; c++) into[c] += value * w[j * classes + c]
  }
}

function lossAt(w: Float64Array, { start, column, value, y }: Entries, d: number, classes: number, C: number) {
  const gradient = w.slice().fill(0, d * classes)
  let loss = dot(gradient, gradient) / 2
  const scores = new Float64Array(classes)
  for (let i = 0; i < y.length; i++) {
    scores.fill(0)
    for (let at = start[i]; at < start[i + 1]; at++)
      for (let c = 0, from = column[at] * classes; c < classes; c++) scores[c] += value[at] * w[from + c]
    const own = scores[y[i]]
    let most = own
    for (let c = 0; c < classes; c++) most = Math.max(most, scores[c])
    let total = 0
    for (let c = 0; c < classes; c++) total += scores[c] = Math.exp(scores[c] - most)
    loss += C * (most + Math.log(total) - own)
    for (let c = 0; c < classes; c++) scores[c] = C * (scores[c] / total - (c === y[i] ? 1 : 0))
    for (let at = start[i]; at < start[i + 1]; at++)
      for (let c = 0, from = column[at] * classes; c < classes; c++) gradient[from + c] += value[at] * scores[c]
  }
  return { loss, gradient }
}

/** 1 / (1 + C Σ_i x_ij² p (1 − p)) with p = 1 / classes, what all are at the start; the bias has no 1. */
function scaleOf({ column, value }: Entries, d: number, classes: number, C: number): Float64Array {
  const squares = new Float64Array(d + 1)
  for (let at = 0; at < column.length; at++) squares[column[at]] += value[at] ** 2
  const p = 1 / classes
  return Float64Array.from({ length: classes * (d + 1) }, (_, i) => {
    const j = Math.floor(i / classes)
    return 1 / ((j < d ? 1 : 0) + C * squares[j] * p * (1 - p))
  })
}

function towards(
  gradient: Float64Array,
  past: readonly { s: Float64Array; y: Float64Array; rho: number }[],
  scale: Float64Array,
): Float64Array {
  let q: Float64Array = gradient.map((value) => -value)
  const alphas: number[] = []
  for (const { s, y, rho } of past.toReversed()) {
    const alpha = rho * dot(s, q)
    alphas.unshift(alpha)
    q = moved(q, y, -alpha)
  }
  const last = past.at(-1)
  const size = last
    ? 1 /
      (last.rho *
        dot(
          last.y,
          last.y.map((value, i) => value * scale[i]),
        ))
    : 1
  q = q.map((value, i) => value * size * scale[i])
  for (const [i, { s, y, rho }] of past.entries()) q = moved(q, s, alphas[i] - rho * dot(y, q))
  return q
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

function moved(from: Float64Array, direction: Float64Array, length: number): Float64Array {
  const there = new Float64Array(from.length)
  for (let i = 0; i < from.length; i++) there[i] = from[i] + length * direction[i]
  return there
}
