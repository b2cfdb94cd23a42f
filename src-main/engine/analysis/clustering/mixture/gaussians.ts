/**
 * k weighted Gaussians with one of four kinds of covariance, and what EM needs of them.
 *
 *   log π_c N(x | μ_c, Σ_c) = log π_c − ½ ( d log 2π + log |Σ_c| + ‖L_c⁻¹ (x − μ_c)‖² )      Σ_c = L_c L_cᵀ
 *
 * Full and tied covariances keep L⁻¹, lower triangular; diagonal and spherical ones 1 / σ per column.
 */

export type CovarianceKind = 'full' | 'tied' | 'diag' | 'spherical'

export interface Gaussians {
  readonly kind: CovarianceKind
  readonly k: number
  readonly d: number
  /** [k] */
  readonly weights: Float64Array
  /** [k × d] */
  readonly means: Float64Array
  /** Full [k × d × d] and tied [d × d]: L⁻¹. Diagonal and spherical [k × d]: 1 / σ. */
  readonly whiten: Float64Array
  /** [k] log π − ½ (d log 2π + log |Σ|) */
  readonly logScale: Float64Array
}

/** Sums over rows weighted by responsibility, about the means that gave the responsibilities, so that nothing cancels. */
export interface Moments {
  /** [k] Σ r */
  readonly mass: Float64Array
  /** [k × d] Σ r (x − μ) */
  readonly first: Float64Array
  /** Σ r (x − μ)(x − μ)ᵀ, lower triangle: [k × d × d], of a tied one [d × d]; diagonal and spherical: [k × d]. */
  readonly second: Float64Array
}

const isDense = (kind: CovarianceKind): boolean => kind === 'full' || kind === 'tied'

export function emptyMoments(kind: CovarianceKind, k: number, d: number): Moments {
  const size = kind === 'full' ? k * d * d : kind === 'tied' ? d * d : k * d
  return { mass: new Float64Array(k), first: new Float64Array(k * d), second: new Float64Array(size) }
}

/** Of numbers that describe the model, for BIC and AIC. */
export function freeParameters(kind: CovarianceKind, k: number, d: number): number {
  const perCovariance = { full: (k * d * (d + 1)) / 2, tied: (d * (d + 1)) / 2, diag: k * d, spherical: k }
  return perCovariance[kind] + k * d + k - 1
}

/** A component that is e⁻⁵⁰ as likely as another has no part in a row. */
const negligible = 50

/**
 * log π N of every component for the row x[at …] into `out`, −Infinity where it is negligible: a sum of squares only grows, so it is given up
 * when it is too far behind the best so far. `first` is tried first.
 */
export function logDensities(g: Gaussians, x: Float32Array, at: number, out: Float64Array, difference: Float64Array, first: number): void {
  const { kind, k, d, means, whiten, logScale } = g
  let best = Number.NEGATIVE_INFINITY
  for (let turn = 0; turn < k; turn++) {
    const c = turn === 0 ? first : turn <= first ? turn - 1 : turn
    const limit = 2 * (logScale[c] - best + negligible)
    let squared = 0
    if (kind === 'full' || kind === 'tied') {
      const base = kind === 'full' ? c * d * d : 0
      for (let i = 0; i < d; i++) {
        difference[i] = x[at + i] - means[c * d + i]
        let sum = 0
        for (let j = 0, row = base + i * d; j <= i; j++) sum += whiten[row + j] * difference[j]
        squared += sum * sum
        if (squared > limit) break
      }
    } else {
      for (let i = 0, from = c * d; i < d; i++) {
        const scaled = (x[at + i] - means[from + i]) * whiten[from + i]
        squared += scaled * scaled
      }
    }
    out[c] = squared > limit ? Number.NEGATIVE_INFINITY : logScale[c] - squared / 2
    if (out[c] > best) best = out[c]
  }
}

/** Turns log densities into responsibilities in place. Returns the log of their sum, the row's log likelihood. */
export function normalise(logs: Float64Array): number {
  let most = Number.NEGATIVE_INFINITY
  for (const value of logs) if (value > most) most = value
  let sum = 0
  for (let c = 0; c < logs.length; c++) {
    logs[c] = Math.exp(logs[c] - most)
    sum += logs[c]
  }
  for (let c = 0; c < logs.length; c++) logs[c] /= sum
  return most + Math.log(sum)
}

/** Adds a row with its responsibilities. */
export function addRow(
  { kind, k, d, means }: Gaussians,
  moments: Moments,
  x: Float32Array,
  at: number,
  responsibility: Float64Array,
  difference: Float64Array,
): void {
  const { mass, first, second } = moments
  for (let c = 0; c < k; c++) {
    const r = responsibility[c]
    if (r === 0) continue
    mass[c] += r
    for (let j = 0; j < d; j++) {
      difference[j] = x[at + j] - means[c * d + j]
      first[c * d + j] += r * difference[j]
    }
    if (isDense(kind)) {
      const base = kind === 'full' ? c * d * d : 0
      for (let i = 0; i < d; i++) {
        const scaled = r * difference[i]
        for (let j = 0, row = base + i * d; j <= i; j++) second[row + j] += scaled * difference[j]
      }
    } else {
      for (let j = 0; j < d; j++) second[c * d + j] += r * difference[j] * difference[j]
    }
  }
}

/** Maximises: the Gaussians of these moments. @param means [k × d] about which the moments were taken */
export function fromMoments(kind: CovarianceKind, k: number, d: number, means: Float64Array, moments: Moments, ridge: number): Gaussians {
  const mass = moments.mass.map((r) => r + 10 * Number.EPSILON)
  const total = mass.reduce((sum, r) => sum + r, 0)
  const shift = moments.first.map((sum, at) => sum / mass[Math.floor(at / d)])
  const weights = mass.map((r) => r / total)
  const whiten = new Float64Array(moments.second.length)
  const logScale = new Float64Array(k)
  const scaleOf = (logDeterminant: number, c: number): number => Math.log(weights[c]) - (d * Math.log(2 * Math.PI) + logDeterminant) / 2
  if (kind === 'full') {
    for (let c = 0; c < k; c++) {
      const covariance = new Float64Array(d * d)
      for (let i = 0; i < d; i++)
        for (let j = 0; j <= i; j++)
          covariance[i * d + j] = moments.second[c * d * d + i * d + j] / mass[c] - shift[c * d + i] * shift[c * d + j]
      const { inverse, logDeterminant } = whitening(covariance, d, ridge)
      whiten.set(inverse, c * d * d)
      logScale[c] = scaleOf(logDeterminant, c)
    }
  } else if (kind === 'tied') {
    const covariance = new Float64Array(d * d)
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) {
        let sum = moments.second[i * d + j]
        for (let c = 0; c < k; c++) sum -= mass[c] * shift[c * d + i] * shift[c * d + j]
        covariance[i * d + j] = sum / total
      }
    const { inverse, logDeterminant } = whitening(covariance, d, ridge)
    whiten.set(inverse)
    for (let c = 0; c < k; c++) logScale[c] = scaleOf(logDeterminant, c)
  } else {
    for (let c = 0; c < k; c++) {
      const variance = Float64Array.from({ length: d }, (_, j) =>
        Math.max(0, moments.second[c * d + j] / mass[c] - shift[c * d + j] * shift[c * d + j]),
      )
      if (kind === 'spherical') variance.fill(variance.reduce((sum, value) => sum + value, 0) / d)
      let logDeterminant = 0
      for (let j = 0; j < d; j++) {
        logDeterminant += Math.log(variance[j] + ridge)
        whiten[c * d + j] = 1 / Math.sqrt(variance[j] + ridge)
      }
      logScale[c] = scaleOf(logDeterminant, c)
    }
  }
  return { kind, k, d, weights, means: means.map((mean, at) => mean + shift[at]), whiten, logScale }
}

/** L⁻¹ of covariance + ridge · I (lower triangle given), by Cholesky; a ridge that rounding swallows is raised until it holds. */
function whitening(covariance: Float64Array, d: number, ridge: number): { inverse: Float64Array; logDeterminant: number } {
  let trace = 0
  for (let i = 0; i < d; i++) trace += covariance[i * d + i]
  for (let added = ridge; ; added = Math.max(10 * added, (1e-12 * trace) / d, 1e-300)) {
    const L = cholesky(covariance, d, added)
    if (!L) continue
    let logDeterminant = 0
    for (let i = 0; i < d; i++) logDeterminant += 2 * Math.log(L[i * d + i])
    return { inverse: lowerInverse(L, d), logDeterminant }
  }
}

function cholesky(A: Float64Array, d: number, ridge: number): Float64Array | null {
  const L = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) {
      let sum = A[i * d + j] + (i === j ? ridge : 0)
      for (let m = 0; m < j; m++) sum -= L[i * d + m] * L[j * d + m]
      if (i > j) L[i * d + j] = sum / L[j * d + j]
      else if (sum > 0) L[i * d + i] = Math.sqrt(sum)
      else return null
    }
  return L
}

function lowerInverse(L: Float64Array, d: number): Float64Array {
  const inverse = new Float64Array(d * d)
  for (let j = 0; j < d; j++) {
    inverse[j * d + j] = 1 / L[j * d + j]
    for (let i = j + 1; i < d; i++) {
      let sum = 0
      for (let m = j; m < i; m++) sum -= L[i * d + m] * inverse[m * d + j]
      inverse[i * d + j] = sum / L[i * d + i]
    }
  }
  return inverse
}
