/** Runs side by side: what each measured, which is best, and in which settings two of them differ. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonColumn, ComparisonRow } from '#common/domain/comparison.ts'
import { measureOf } from '#common/domain/measures.ts'
import { ancestor, codeWords, metaOf } from '../../lib/artifacts.ts'

export interface RunRow {
  readonly key: string
  readonly name: string
  readonly artifact: number | null
  readonly model: string
  readonly codeSize: number | null
  /** As it is written: '8 of 256' for sparse codes. */
  readonly code: string
  readonly figures: Readonly<Record<string, number | null>>
  /** The row of a comparison that it is, with spread, standing and runs. */
  readonly source?: ComparisonRow
}

/** Every finished model with its own figures, and the best silhouette of what was clustered from it. */
export function modelRows(artifacts: readonly Artifact[], byId: ReadonlyMap<number, Artifact>): RunRow[] {
  const clusterings = artifacts.filter((a) => a.kind === 'clustering' && a.status === 'done')
  return artifacts
    .filter((a) => a.kind === 'model' && a.status === 'done')
    .map((a) => {
      const meta = metaOf(a, 'model')
      const silhouettes = clusterings
        .filter((c) => ancestor(c, 'model', byId)?.id === a.id)
        .flatMap((c) => metaOf(c, 'clustering').silhouette ?? [])
      return {
        key: `model${a.id}`,
        name: a.name,
        artifact: a.id,
        model: meta.title,
        codeSize: meta.codeSize,
        code: codeWords(meta.layout),
        figures: {
          holdoutError: meta.holdoutError ?? meta.trainError,
          pcaError: meta.pca.holdoutError,
          explainedVariance: meta.explainedVariance,
          silhouette: silhouettes.length > 0 ? Math.max(...silhouettes) : null,
          seconds: a.seconds,
        },
      }
    })
}

/** Keys of the rows that are best in a measure; several when they are equal to three digits, none when all are. */
export function bestRows(rows: readonly RunRow[], id: string): ReadonlySet<string> {
  const { better } = measureOf(id)
  const known = rows.flatMap((r) =>
    r.figures[id] == null || !Number.isFinite(r.figures[id])
      ? []
      : [{ key: r.key, value: Number((r.figures[id] as number).toPrecision(3)) }],
  )
  if (known.length < 2) return new Set()
  const best = known.reduce((a, b) => ((better === 'lower' ? b.value < a.value : b.value > a.value) ? b : a)).value
  const winners = known.filter((k) => k.value === best)
  return new Set(winners.length === known.length ? [] : winners.map((k) => k.key))
}

type Standing = 'best' | 'equal' | 'worse'

/**
 * How rows stand in a figure of quality. As it was tested over seeds; where figures have intervals, the best is one whose own lies apart
 * from all others: of overlapping ones nobody can say which is better. Else the best to three digits.
 */
export function standingsOf(
  rows: readonly RunRow[],
  { key, kind, better }: Pick<ComparisonColumn, 'key' | 'kind' | 'better'>,
): ReadonlyMap<string, Standing> {
  if (kind !== 'quality') return new Map()
  const best = bestRows(rows, key)
  const rangeOf = (row: RunRow): readonly [number, number] | undefined => row.source?.intervals?.[key]
  const isApart = (row: RunRow): boolean => {
    const own = rangeOf(row)
    return rows.every((other) => {
      const its = rangeOf(other)
      return other === row || !own || !its || (better === 'lower' ? own[1] < its[0] : own[0] > its[1])
    })
  }
  return new Map(
    rows.flatMap((row): [string, Standing][] => {
      const tested = row.source?.standing
      const standing = tested ? tested[key] : best.has(row.key) && isApart(row) ? 'best' : undefined
      return standing ? [[row.key, standing]] : []
    }),
  )
}

/** Of each model the run that is best in a figure, in the order they come; the first where it is not known. */
export function bestOfEach(
  rows: readonly RunRow[],
  by: { readonly key: string; readonly better: 'higher' | 'lower' | null } | null,
): RunRow[] {
  const best = new Map<string, RunRow>()
  const figure = (row: RunRow): number =>
    by && typeof row.figures[by.key] === 'number'
      ? (by.better === 'higher' ? -1 : 1) * (row.figures[by.key] as number)
      : Number.POSITIVE_INFINITY
  for (const row of rows) {
    const before = best.get(row.model)
    if (!before || figure(row) < figure(before)) best.set(row.model, row)
  }
  return rows.filter((row) => best.get(row.model) === row)
}

/** Rows that no other beats in both measures, from left to right; the others could be done without. */
export function front(rows: readonly { readonly key: string; readonly x: number; readonly y: number }[]): string[] {
  return rows
    .filter((r) => !rows.some((o) => o !== r && o.x <= r.x && o.y <= r.y && (o.x < r.x || o.y < r.y)))
    .sort((a, b) => a.x - b.x)
    .map((r) => r.key)
}

export interface Difference {
  readonly name: string
  readonly first: string
  readonly second: string
}

const written = (value: unknown): string =>
  value === undefined || value === null
    ? 'not set'
    : Array.isArray(value)
      ? value.join('-')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)

/** Settings of two runs, nested ones by their path: those that differ, and those that are the same. */
export function settingsDiffer(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): { differ: Difference[]; same: { name: string; value: string }[] } {
  const a = flatten(first)
  const b = flatten(second)
  const names = [...new Set([...a.keys(), ...b.keys()])]
  const differ = names
    .filter((n) => written(a.get(n)) !== written(b.get(n)))
    .map((name) => ({ name, first: written(a.get(name)), second: written(b.get(name)) }))
  const same = names.filter((n) => written(a.get(n)) === written(b.get(n))).map((name) => ({ name, value: written(a.get(name)) }))
  return { differ, same }
}

function flatten(value: Readonly<Record<string, unknown>>, before = ''): Map<string, unknown> {
  const out = new Map<string, unknown>()
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== null && typeof inner === 'object' && !Array.isArray(inner))
      for (const [k, v] of flatten(inner as Record<string, unknown>, `${before}${key}.`)) out.set(k, v)
    else out.set(`${before}${key}`, inner)
  }
  return out
}
