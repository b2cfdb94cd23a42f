/**
 * The prepare pipeline: fitted on training rows only, replayed exactly on every other row, inverted on demand.
 * Arrays are [n × d] row-major float32; fitted numbers are float64.
 */
import type { Finding } from '#common/domain/dataset.ts'
import type { FittedStep } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'

export type StepId = FittedStep['id']
export const stepIds = ['impute', 'log1p-cp10k', 'z-score', 'min-max'] as const satisfies readonly StepId[]

const countsPerCell = 10_000

/**
 * Fits the steps one after another. X is left as it is; memory: a copy of it when a later step needs what an earlier one gives.
 * @param findings receives a warning per kind of trouble (constant columns, empty columns); `names` makes it readable
 * @throws DATA_UNSUITABLE when counts are wanted and a value is negative
 */
export function fitPipeline(
  wanted: readonly StepId[],
  X: Float32Array,
  n: number,
  d: number,
  names: readonly string[] = [],
  findings: Finding[] = [],
): FittedStep[] {
  if (n < 1 || X.length < n * d)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `There are no rows to fit the preparation on (${n}).`,
      'Check that the dataset has valid rows.',
      { rows: n },
    )
  const steps: FittedStep[] = []
  let current = X
  for (const [i, id] of wanted.entries()) {
    const step = fitStep(id, current, n, d, names, findings)
    steps.push(step)
    if (i === wanted.length - 1) break
    if (current === X) current = X.slice(0, n * d)
    applyStep(step, current, n, d)
  }
  return steps
}

/** In place. */
export function applyPipeline(steps: readonly FittedStep[], X: Float32Array, n: number, d: number): void {
  for (const step of steps) applyStep(step, X, n, d)
}

/**
 * In place, last step first. Replaced missing values stay replaced.
 * @param totals [n] sums of the raw rows (rowTotals), needed for counts; without them counts come out per 10 000
 */
export function invertPipeline(steps: readonly FittedStep[], X: Float32Array, n: number, d: number, totals?: Float64Array): void {
  for (const step of [...steps].reverse()) {
    if (step.id === 'z-score' || step.id === 'min-max') {
      const { offset, scale } = step
      for (let i = 0, at = 0; i < n; i++)
        for (let j = 0; j < d; j++, at++) X[at] = (X[at] as number) * (scale[j] as number) + (offset[j] as number)
    } else if (step.id === 'log1p-cp10k') {
      for (let i = 0, at = 0; i < n; i++) {
        const factor = totals ? (totals[i] as number) / step.target : 1
        for (let j = 0; j < d; j++, at++) X[at] = Math.expm1(X[at] as number) * factor
      }
    }
  }
}

/** [n] sum of the finite values of each row. */
export function rowTotals(X: Float32Array, n: number, d: number): Float64Array {
  const totals = new Float64Array(n)
  for (let i = 0, at = 0; i < n; i++) {
    let total = 0
    for (let j = 0; j < d; j++, at++) {
      const value = X[at] as number
      if (value - value === 0) total += value
    }
    totals[i] = total
  }
  return totals
}

function fitStep(id: StepId, X: Float32Array, n: number, d: number, names: readonly string[], findings: Finding[]): FittedStep {
  switch (id) {
    case 'impute':
      return fitImpute(X, n, d, names, findings)
    case 'log1p-cp10k': {
      const negative = X.subarray(0, n * d).findIndex((value) => value < 0)
      if (negative >= 0)
        throw new StratumError(
          'DATA_UNSUITABLE',
          `Counts are expected, but column ${nameOf(names, negative % d)} has the value ${X[negative]}.`,
          'Choose another scaling: the values look normalised already.',
          { column: negative % d },
        )
      return { id, target: countsPerCell }
    }
    case 'z-score':
      return fitScale(id, X, n, d, names, findings)
    case 'min-max':
      return fitScale(id, X, n, d, names, findings)
  }
}

const nameOf = (names: readonly string[], column: number): string => names[column] ?? `column ${column + 1}`

function fitImpute(X: Float32Array, n: number, d: number, names: readonly string[], findings: Finding[]): FittedStep {
  const values = new Array<number>(d)
  const column = new Float32Array(n)
  const empty: string[] = []
  for (let j = 0; j < d; j++) {
    let kept = 0
    for (let i = 0, at = j; i < n; i++, at += d) {
      const value = X[at] as number
      if (value - value === 0) column[kept++] = value
    }
    if (kept === 0) empty.push(nameOf(names, j))
    values[j] = kept === 0 ? 0 : median(column, kept)
  }
  if (empty.length > 0)
    findings.push({
      severity: 'warning',
      code: 'EMPTY_COLUMNS',
      message: `${empty.length} columns have no value in the training rows and are set to 0: ${empty.slice(0, 5).join(', ')}.`,
      hint: 'Leave them out of the columns to learn from.',
    })
  return { id: 'impute', values }
}

function fitScale(
  id: 'z-score' | 'min-max',
  X: Float32Array,
  n: number,
  d: number,
  names: readonly string[],
  findings: Finding[],
): FittedStep {
  const count = new Float64Array(d)
  const mean = new Float64Array(d)
  const m2 = new Float64Array(d)
  const min = new Float64Array(d).fill(Number.POSITIVE_INFINITY)
  const max = new Float64Array(d).fill(Number.NEGATIVE_INFINITY)
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < d; j++, at++) {
      const value = X[at] as number
      if (value - value !== 0) continue
      // Welford 1962.
      const k = (count[j] as number) + 1
      const delta = value - (mean[j] as number)
      count[j] = k
      mean[j] = (mean[j] as number) + delta / k
      m2[j] = (m2[j] as number) + delta * (value - (mean[j] as number))
      if (value < (min[j] as number)) min[j] = value
      if (value > (max[j] as number)) max[j] = value
    }
  }
  const constant: string[] = []
  const offset = new Array<number>(d)
  const scale = new Array<number>(d)
  for (let j = 0; j < d; j++) {
    const known = (count[j] as number) > 0
    const least = known ? (min[j] as number) : 0
    const spread = !known ? 0 : id === 'min-max' ? (max[j] as number) - least : Math.sqrt((m2[j] as number) / (count[j] as number))
    // A column that never changes would be divided by zero; one unit leaves it at 0.
    const usable = (max[j] as number) > (min[j] as number) && spread > 0
    if (!usable) constant.push(nameOf(names, j))
    offset[j] = id === 'min-max' ? least : (mean[j] as number)
    scale[j] = usable ? spread : 1
  }
  if (constant.length > 0)
    findings.push({
      severity: 'warning',
      code: 'CONSTANT_COLUMNS',
      message: `${constant.length} columns have one value in all training rows: ${constant.slice(0, 5).join(', ')}.`,
      hint: 'They carry nothing to learn; leave them out.',
    })
  return { id, offset, scale }
}

function applyStep(step: FittedStep, X: Float32Array, n: number, d: number): void {
  switch (step.id) {
    case 'impute': {
      const { values } = step
      for (let i = 0, at = 0; i < n; i++) {
        for (let j = 0; j < d; j++, at++) {
          const value = X[at] as number
          if (value - value !== 0) X[at] = values[j] as number
        }
      }
      return
    }
    case 'log1p-cp10k': {
      const totals = rowTotals(X, n, d)
      for (let i = 0, at = 0; i < n; i++) {
        const factor = (totals[i] as number) > 0 ? step.target / (totals[i] as number) : 0
        for (let j = 0; j < d; j++, at++) X[at] = Math.log1p((X[at] as number) * factor)
      }
      return
    }
    default: {
      const { offset, scale } = step
      for (let i = 0, at = 0; i < n; i++)
        for (let j = 0; j < d; j++, at++) X[at] = ((X[at] as number) - (offset[j] as number)) / (scale[j] as number)
    }
  }
}

/** Median of values[0 … n); reorders them (quickselect, Hoare 1961). */
function median(values: Float32Array, n: number): number {
  const upper = select(values, n, n >> 1)
  if (n % 2 === 1) return upper
  let lower = Number.NEGATIVE_INFINITY
  for (let i = 0; i < n >> 1; i++) if ((values[i] as number) > lower) lower = values[i] as number
  return (lower + upper) / 2
}

function select(values: Float32Array, n: number, k: number): number {
  let left = 0
  let right = n - 1
  while (left < right) {
    const pivot = values[(left + right) >> 1] as number
    let i = left
    let j = right
    while (i <= j) {
      while ((values[i] as number) < pivot) i++
      while ((values[j] as number) > pivot) j--
      if (i > j) break
      const kept = values[i] as number
      values[i++] = values[j] as number
      values[j--] = kept
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else break
  }
  return values[k] as number
}
