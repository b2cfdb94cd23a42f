/** A comparison as a table for other programs: of every row a line with means, spreads and standings, then a line for each seed. */
import type { ComparisonMeta } from './comparison.ts'

export interface ComparisonTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

export function comparisonTable({ rows, columns }: Pick<ComparisonMeta, 'rows' | 'columns'>): ComparisonTable {
  const keys = columns?.map(({ key }) => key) ?? [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))]
  const hasRuns = rows.some(({ runs = [] }) => runs.length > 0)
  const perKey = (key: string): string[] => (hasRuns ? [key, `${key} sd`, `${key} standing`] : [key])
  return {
    columns: ['run', 'model', 'preset', 'clustered in', 'code', 'used', ...(hasRuns ? ['seed'] : []), ...keys.flatMap(perKey)],
    rows: rows.flatMap(({ name, model, preset, space, codeSize, activeCodes, figures, spread, standing, runs = [] }) => {
      const facts = [name, model ?? '', preset ?? '', space ?? '', codeSize ?? '', activeCodes ?? codeSize ?? '']
      const mean = keys.flatMap((key) =>
        hasRuns ? [figures[key] ?? '', spread?.[key] ?? '', standing?.[key] ?? ''] : [figures[key] ?? ''],
      )
      return [
        [...facts, ...(hasRuns ? ['mean'] : []), ...mean],
        ...runs.map((run) => [...facts, run.seed, ...keys.flatMap((key) => [run.figures[key] ?? '', '', ''])]),
      ]
    }),
  }
}
