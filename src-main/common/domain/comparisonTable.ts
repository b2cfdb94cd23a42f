/**
 * A comparison as a table for other programs: of every row a line with means, spreads and standings, then a line for each seed; of results
 * held against labels each figure with the ends of its interval.
 */
import type { ComparisonMeta } from './comparison.ts'

export interface ComparisonTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

export function comparisonTable({ rows, columns }: Pick<ComparisonMeta, 'rows' | 'columns'>): ComparisonTable {
  const keys = columns?.map(({ key }) => key) ?? [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const hasRuns = rows.some(({ runs = [] }) => runs.length > 0)
  const hasIntervals = rows.some(({ intervals }) => intervals)
  const perKey = (key: string): string[] =>
    hasRuns ? [key, `${key} sd`, `${key} standing`] : hasIntervals ? [key, `${key} low`, `${key} high`] : [key]
  return {
    columns: ['run', 'model', 'preset', 'clustered in', 'code', 'used', ...(hasRuns ? ['seed'] : []), ...keys.flatMap(perKey)],
    rows: rows.flatMap(({ name, model, preset, space, codeSize, activeCodes, figures, spread, standing, intervals, runs = [] }) => {
      const facts = [name, model ?? '', preset ?? '', space ?? '', codeSize ?? '', activeCodes ?? codeSize ?? '']
      const mean = keys.flatMap((key) =>
        hasRuns
          ? [figures[key] ?? '', spread?.[key] ?? '', standing?.[key] ?? '']
          : [figures[key] ?? '', ...(hasIntervals ? [intervals?.[key]?.[0] ?? '', intervals?.[key]?.[1] ?? ''] : [])],
      )
      return [
        [...facts, ...(hasRuns ? ['mean'] : []), ...mean],
        ...runs.map((run) => [...facts, run.seed, ...keys.flatMap((key) => [run.figures[key] ?? '', '', ''])]),
      ]
    }),
  }
}
