/** What moved between the rows a model learned from and another dataset, in plain words. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta, ComparisonRow } from '#common/domain/comparison.ts'
import { formatNumber } from '../../lib/format.ts'

/** As the operation judges: p after correction, and the population stability index. */
const level = 0.01
const [watch, shift] = [0.1, 0.25]

export interface DriftLine {
  readonly name: string
  readonly psi: number
  readonly ks: number
  readonly p: number
  /** Medians in prepared units. */
  readonly before: number
  readonly after: number
  readonly moved: 'no' | 'some' | 'much'
}
interface DriftResult {
  /** Of all columns, those that are not listed included. */
  readonly counts: { readonly columns: number; readonly moved: number; readonly much: number }
  readonly columns: readonly DriftLine[]
  readonly error: DriftLine | null
  readonly codes: { readonly mmd: number; readonly p: number; readonly auc: number; readonly moved: boolean } | null
}

const lineOf = ({ name, figures }: ComparisonRow): DriftLine => {
  const { psi, ks, p, before, after } = figures
  const [index, chance] = [psi ?? 0, p ?? 1]
  return {
    name,
    psi: index,
    ks: ks ?? Number.NaN,
    p: chance,
    before: before ?? Number.NaN,
    after: after ?? Number.NaN,
    moved: chance >= level || index <= watch ? 'no' : index > shift ? 'much' : 'some',
  }
}

/** The operation lists codes and errors first, then columns, the largest shift first. */
export function driftOf({ meta }: Artifact): DriftResult {
  const { rows, drift } = meta as unknown as ComparisonMeta
  const [codes, error, ...listed] = rows
  const columns = listed.map(lineOf)
  const moved = columns.filter((line) => line.moved !== 'no').length
  return {
    columns,
    // Looks of earlier versions do not say how many there were beyond those they list.
    counts: drift ?? { columns: columns.length, moved, much: columns.filter((line) => line.moved === 'much').length },
    error: error ? lineOf(error) : null,
    codes: codes
      ? {
          mmd: codes.figures.mmd ?? Number.NaN,
          p: codes.figures.p ?? 1,
          auc: codes.figures.auc ?? Number.NaN,
          moved: (codes.figures.p ?? 1) < level,
        }
      : null,
  }
}

export interface Verdict {
  readonly tone: 'ok' | 'warn'
  readonly title: string
  readonly text: string
}

/** @param columnWords 'column', 'columns' */
export function verdictOf({ counts, error, codes }: DriftResult, [one, many]: readonly [string, string]): Verdict {
  const { columns, moved, much } = counts
  const count = (n: number): string => `${formatNumber(n)} of ${formatNumber(columns)} ${columns === 1 ? one : many}`
  const grew = error !== null && error.moved !== 'no' && error.after > error.before
  if (moved === 0 && !codes?.moved && !grew)
    return {
      tone: 'ok',
      title: 'No drift that shows',
      text: `No ${one} has moved, codes are like those learned from, and errors have not grown. Thresholds hold.`,
    }
  const parts = [
    moved > 0
      ? `${count(moved)} ${moved === 1 ? 'has' : 'have'} moved${much === 0 ? '' : much === moved ? ' much' : `, ${formatNumber(much)} of them much`}`
      : `no ${one} has moved by itself`,
    codes?.moved ? 'codes differ from those learned from' : 'codes are like those learned from',
    grew ? 'the model rebuilds these worse' : 'the model rebuilds these as well as before',
  ]
  const text = `${parts.join('; ')}.`
  const sentence = text.charAt(0).toUpperCase() + text.slice(1)
  if (much > 0 || (codes?.moved && grew))
    return {
      tone: 'warn',
      title: 'These are not like what the model learned from',
      text: `${sentence} Thresholds and classes that were set on the old data do not hold: learn anew with these, or with both.`,
    }
  return {
    tone: 'warn',
    title: 'Something has moved',
    text: `${sentence} Look at what moved before trusting a threshold that was set on the old data.`,
  }
}
