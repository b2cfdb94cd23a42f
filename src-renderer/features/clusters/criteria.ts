/** The criteria by which a number of clusters is judged, as they are drawn side by side: each with its curve, its best k and why. */
import type { ClusteringMeta, KCriteria } from '#common/domain/results.ts'

export interface Criterion {
  readonly id: string
  readonly title: string
  /** Above a small plot. */
  readonly short: string
  /** What is better, in three words. */
  readonly better: string
  readonly k: readonly number[]
  /** NaN where it says nothing of that k. */
  readonly value: readonly number[]
  /** Standard error, where it has one. */
  readonly error?: readonly number[]
  /** The k it would choose; null where it points at none. */
  readonly best: number | null
  readonly reason: string
}

interface Kind {
  readonly id: string
  readonly title: string
  readonly short?: string
  readonly better: string
  readonly of: (point: KCriteria) => number | null | undefined
  readonly error?: (point: KCriteria) => number | null | undefined
}
const kinds: readonly Kind[] = [
  { id: 'elbow', title: 'Elbow', better: 'the bend of the error', of: ({ inertia }) => inertia },
  { id: 'silhouette', title: 'Silhouette', better: 'higher is better', of: ({ silhouette }) => silhouette },
  {
    id: 'calinski-harabasz',
    title: 'Calinski–Harabasz',
    short: 'Calinski–H.',
    better: 'higher is better',
    of: ({ calinskiHarabasz }) => calinskiHarabasz,
  },
  {
    id: 'davies-bouldin',
    title: 'Davies–Bouldin',
    short: 'Davies–B.',
    better: 'lower is better',
    of: ({ daviesBouldin }) => daviesBouldin,
  },
  { id: 'gap', title: 'Gap', better: 'first within one error', of: ({ gap }) => gap, error: ({ gapError }) => gapError },
  { id: 'bic', title: 'BIC of mixtures', short: 'BIC', better: 'lower is better', of: ({ bic }) => bic },
  { id: 'stability', title: 'Stability', better: 'higher is better', of: ({ stability }) => stability },
]

/** Those that were computed. */
export function criteriaOf({ kCurve, recommendations = [] }: Pick<ClusteringMeta, 'kCurve' | 'recommendations'>): Criterion[] {
  return kinds.flatMap(({ id, title, short = title, better, of, error }) => {
    const numbers = (read: Kind['of']): number[] => kCurve.map((point) => read(point) ?? Number.NaN)
    const value = numbers(of)
    if (!value.some(Number.isFinite)) return []
    const said = recommendations.find(({ criterion }) => criterion === id)
    const errors = error ? numbers(error) : undefined
    return [
      {
        id,
        title,
        short,
        better,
        k: kCurve.map(({ k }) => k),
        value,
        ...(errors && { error: errors }),
        best: said?.k ?? null,
        reason: said?.reason ?? '',
      },
    ]
  })
}

/** '5 by Elbow and Gap, 6 by Silhouette': most votes first. */
export function votesOf(criteria: readonly Criterion[]): string {
  const byK = new Map<number, string[]>()
  for (const { best, title } of criteria) if (best !== null) byK.set(best, [...(byK.get(best) ?? []), title])
  return [...byK]
    .sort((a, b) => b[1].length - a[1].length || a[0] - b[0])
    .map(([k, titles]) => `${k} by ${titles.length > 1 ? `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}` : titles[0]}`)
    .join('; ')
}
