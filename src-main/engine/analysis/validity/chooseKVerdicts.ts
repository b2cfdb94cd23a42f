/** What each criterion says of a curve of k, and the one recommendation that follows. */
import type { ClusteringMeta, KCriteria } from '#common/domain/results.ts'
import { counted, nounFor, spanned } from '#common/domain/words.ts'
import { type Gap, gapChoice } from './gapStatistic.ts'
import { type Stability, stabilityChoice } from './stability.ts'

export const kCriteria = ['elbow', 'silhouette', 'calinski-harabasz', 'davies-bouldin', 'gap', 'bic', 'stability'] as const
export type KCriterion = (typeof kCriteria)[number]

export const kCriterionTitles: Readonly<Record<KCriterion, string>> = {
  elbow: 'Elbow',
  silhouette: 'Silhouette',
  'calinski-harabasz': 'Calinski–Harabasz',
  'davies-bouldin': 'Davies–Bouldin',
  gap: 'Gap statistic',
  bic: 'BIC of Gaussian mixtures',
  stability: 'Bootstrap stability',
}

export interface KVerdict {
  readonly criterion: KCriterion
  /** Null where it does not point at any. */
  readonly k: number | null
  readonly reason: string
}

/** What a curve does not hold. */
export interface KEvidence {
  /** From k = 1. */
  readonly gaps?: readonly Gap[]
  readonly stability?: readonly Stability[]
}

type Curve = readonly KCriteria[]

/** One for each criterion that was computed, in the order of `kCriteria`. */
export function verdicts(curve: Curve, { gaps, stability }: KEvidence): KVerdict[] {
  const best = (
    criterion: KCriterion,
    of: (point: KCriteria) => number | null | undefined,
    sign: 1 | -1,
    digits: number,
  ): KVerdict | null => {
    const known = curve.flatMap((point) => {
      const value = of(point)
      return value === null || value === undefined ? [] : [{ k: point.k, value }]
    })
    if (known.length === 0) return null
    const at = known.reduce((a, b) => (b.value * sign > a.value * sign ? b : a))
    const end = at.k === curve[curve.length - 1].k && curve.length > 1 ? ', the end of the range: more may be better' : ''
    return { criterion, k: at.k, reason: `${sign > 0 ? 'Highest' : 'Lowest'} at ${at.k} (${at.value.toFixed(digits)})${end}.` }
  }
  return [
    elbowVerdict(curve),
    best('silhouette', ({ silhouette }) => silhouette, 1, 2),
    best('calinski-harabasz', ({ calinskiHarabasz }) => calinskiHarabasz, 1, 0),
    best('davies-bouldin', ({ daviesBouldin }) => daviesBouldin, -1, 2),
    gaps ? gapVerdict(gaps, curve) : null,
    best('bic', ({ bic }) => bic, -1, 0),
    stability ? stabilityVerdict(stability) : null,
  ].filter((verdict) => verdict !== null)
}

function elbowVerdict(curve: Curve): KVerdict {
  const [first, last] = [curve[0], curve[curve.length - 1]]
  const k = kneeOf(curve)
  if (k !== null) return { criterion: 'elbow', k, reason: `The error falls steeply up to ${k} and slowly beyond.` }
  return { criterion: 'elbow', k, reason: `The error falls evenly from ${first.k} to ${last.k}, without an elbow.` }
}

function gapVerdict(gaps: readonly Gap[], curve: Curve): KVerdict {
  const k = gapChoice(gaps)
  const at = gaps.find((gap) => gap.k === k)
  if (k === null || !at)
    return { criterion: 'gap', k: null, reason: `The gap grows up to ${gaps[gaps.length - 1].k}, the end of the range.` }
  const value = `${at.gap.toFixed(2)} ± ${at.error.toFixed(2)}`
  if (k < curve[0].k) return { criterion: 'gap', k: null, reason: `One group fits as well as several (gap ${value}).` }
  return { criterion: 'gap', k, reason: `The least number whose gap (${value}) is not below the next one's.` }
}

function stabilityVerdict(found: readonly Stability[]): KVerdict {
  const { k, stability } = stabilityChoice(found)
  const mean = stability.toFixed(2)
  if (stability < 0.6)
    return { criterion: 'stability', k: null, reason: `No number gives the same classes again (adjusted Rand index ${mean} at best).` }
  return {
    criterion: 'stability',
    k,
    reason: `The largest number whose classes are found again about as surely as those found most surely: within a standard error, or 0.01 (adjusted Rand index ${mean}).`,
  }
}

/** The k farthest below the chord of the inertia curve; null where it is as good as straight. */
export function kneeOf(curve: readonly { readonly k: number; readonly inertia: number }[]): number | null {
  const [first, last] = [curve[0], curve[curve.length - 1]]
  const range = first.inertia - last.inertia
  if (curve.length < 3 || range <= 0) return null
  let k = first.k
  let most = 0
  for (const point of curve) {
    // Distance below the chord, up to the constant √2.
    const below = 1 - (point.k - first.k) / (last.k - first.k) - (point.inertia - last.inertia) / range
    if (below > most) {
      most = below
      k = point.k
    }
  }
  // Under a twentieth of the height the curve is a straight line as far as the eye can tell.
  return most < 0.05 ? null : k
}

/** The number that one criterion chooses, or that most of them do. Where none does, the silhouette decides. */
export function recommend(
  curve: Curve,
  found: readonly KVerdict[],
  by: KCriterion | 'all',
): { readonly k: number; readonly reason: string } {
  const [first, last] = [curve[0], curve[curve.length - 1]]
  const widest = curve.reduce((best, point) => (point.silhouette > best.silhouette ? point : best))
  const opinion = `the silhouette is highest at ${widest.k} (${widest.silhouette.toFixed(2)})`
  if (by === 'all') return agreed(curve, found, widest.k)
  const chosen = found.find(({ criterion }) => criterion === by)
  if (by === 'elbow') {
    if (chosen?.k) return { k: chosen.k, reason: `Elbow of the error curve over ${spanned(first.k, last.k, 'cluster')}; ${opinion}.` }
    const why =
      curve.length < 3 || first.inertia <= last.inertia
        ? `No elbow to find over ${spanned(first.k, last.k, 'cluster')}`
        : `The error falls evenly from ${first.k} to ${last.k} clusters, without an elbow`
    return { k: widest.k, reason: `${why}; ${opinion}.` }
  }
  const title = kCriterionTitles[by]
  if (chosen?.k) return { k: chosen.k, reason: `${title}: ${lowerFirst(chosen.reason)}` }
  return { k: widest.k, reason: `${title}: ${chosen ? lowerFirst(chosen.reason).replace(/\.$/, '') : 'not known'}; ${opinion}.` }
}

function agreed(curve: Curve, found: readonly KVerdict[], widest: number): { k: number; reason: string } {
  const votes = new Map<number, string[]>()
  for (const { criterion, k } of found) if (k !== null) votes.set(k, [...(votes.get(k) ?? []), kCriterionTitles[criterion]])
  if (votes.size === 0) return { k: widest, reason: 'No criterion points at a number; the silhouette is highest there.' }
  const silhouetteOf = (k: number): number => curve.find((point) => point.k === k)?.silhouette ?? -1
  const ranked = [...votes].sort((a, b) => b[1].length - a[1].length || silhouetteOf(b[0]) - silhouetteOf(a[0]))
  const [k, names] = ranked[0]
  const others = ranked.slice(1).map(([other, by]) => `${other} by ${by.join(', ')}`)
  const tie = ranked.length > 1 && ranked[1][1].length === names.length ? ' As many choose another; the silhouette decides.' : ''
  const rest = others.length ? `; ${others.join('; ')}` : ''
  return {
    k,
    reason: `${names.length} of ${counted(found.length, 'criterion', 'criteria')} ${nounFor(names.length, 'chooses', 'choose')} ${k} (${names.join(', ')})${rest}.${tie}`,
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

export type KRecommendations = NonNullable<ClusteringMeta['recommendations']>
