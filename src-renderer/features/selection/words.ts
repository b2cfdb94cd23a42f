/** What makes rows part of the selection, in the words of the views they were chosen in. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { RowCondition, SelectionPart, SimpleCondition } from '#common/domain/selection.ts'
import { formatCount, formatNumber, formatRows, formatSignificant, sentence } from '../../lib/format.ts'

interface Names {
  readonly byId: ReadonlyMap<number, Artifact>
  /** One row, many rows. */
  readonly nouns: readonly [string, string]
  /** What a class is called beside its number. */
  readonly className?: (artifact: number, id: number) => string
}

/** All rows that have a code, and so an error. */
export const everyRow = (latents: number): SimpleCondition => ({
  kind: 'range',
  artifact: latents,
  array: 'error',
  unit: 0,
  from: null,
  to: null,
})

const mostNamed = 3

function conditionWords(condition: RowCondition, { byId, nouns, className }: Names): string {
  switch (condition.kind) {
    case 'classes': {
      const { classes, artifact } = condition
      if (classes.length > mostNamed) return `${formatNumber(classes.length)} classes`
      return classes.map((id) => className?.(artifact, id) ?? `Class ${id}`).join(', ')
    }
    case 'range': {
      if (condition.array === 'error' && condition.from === null && condition.to === null) return `All ${nouns[1]}`
      const what = condition.array === 'score' ? 'Score' : condition.array === 'error' ? 'Error' : `Code ${condition.unit + 1}`
      return `${what} ${rangeWords(condition.from, condition.to)}`
    }
    case 'polygon': {
      const plane = byId.get(condition.artifact)
      return plane?.kind === 'embedding2d'
        ? `Drawn on ${plane.name}`
        : `Drawn on codes ${condition.axes[0] + 1} and ${condition.axes[1] + 1}`
    }
    case 'area':
      return 'Drawn on the map'
    case 'rows':
      return condition.rows.length === 1 ? `One ${nouns[0]}` : `${formatRows(condition.rows.length, [...nouns])}, listed`
    case 'span':
      return `${sentence(nouns[1])} ${formatNumber(condition.from + 1, 0)} to ${formatNumber(condition.to + 1, 0)}`
    case 'labelled': {
      const { labels } = (byId.get(condition.artifact)?.meta as ComparisonMeta | undefined)?.evaluation ?? {}
      if (condition.labels.length > mostNamed) return `${formatNumber(condition.labels.length)} labels`
      return `Labelled ${condition.labels.map((label) => labels?.names[label] ?? label + 1).join(', ')}`
    }
    case 'branch':
      return `A branch of the tree of ${byId.get(condition.artifact)?.name ?? 'a clustering'}`
    case 'combined':
      return condition.parts.map((part, i) => partWords(part, i, { byId, nouns, className })).join(', ')
  }
}

interface SelectionLine {
  readonly words: string
  /** The condition that can be let go here. */
  readonly drops: RowCondition | null
}
/** What makes up the selection, line by line: each step of a combined condition, and each further condition that rows must meet. */
export const selectionLines = (all: readonly RowCondition[], names: Names): SelectionLine[] =>
  all.flatMap((condition, i): SelectionLine[] => {
    const and = i > 0 ? 'and within ' : ''
    if (condition.kind !== 'combined')
      return [
        {
          words: and ? `${and}${lower(conditionWords(condition, names))}` : conditionWords(condition, names),
          drops: all.length > 1 ? condition : null,
        },
      ]
    return condition.parts.map((part, j) => ({
      words: `${j === 0 ? and : ''}${partWords(part, j, names)}`,
      drops: j === 0 && all.length > 1 ? condition : null,
    }))
  })

/** 'Class 2, and drawn on UMAP, without drawn on the map' */
function partWords({ how, outside, all }: SelectionPart, i: number, names: Names): string {
  const [first = '', ...more] = all.map((condition) => conditionWords(condition, names))
  const what = [first, ...more.map(lower)].join(' within ')
  if (i === 0) return outside ? `All but ${lower(what)}` : what
  if (outside) return how === 'remove' ? `only within ${lower(what)}` : `and all but ${lower(what)}`
  return `${how === 'add' ? 'and' : 'without'} ${lower(what)}`
}
/** In the middle of a sentence. */
const lower = (words: string): string => words.charAt(0).toLowerCase() + words.slice(1)

function rangeWords(from: number | null, to: number | null): string {
  if (from === null) return to === null ? 'at all' : `up to ${formatSignificant(to)}`
  return to === null ? `from ${formatSignificant(from)}` : `${formatSignificant(from)} to ${formatSignificant(to)}`
}

/** '7.7 M pixels, 6.4 %' */
export function countWords(count: number, of: number, nouns: readonly [string, string]): string {
  const share = of > 0 ? (count / of) * 100 : 0
  const shown = share === 0 || share >= 10 ? formatNumber(share, 0) : share < 0.01 ? '< 0.01' : formatSignificant(share, 2)
  return `${formatCount(count)} ${count === 1 ? nouns[0] : nouns[1]}, ${shown}\u202f%`
}
