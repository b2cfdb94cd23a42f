/** Whether what was drawn can be learned from, and what there is to say about it. */
import { type Column, columnNoun, type DatasetMeta, type Finding, rowNoun } from '#common/domain/dataset.ts'
import { counted, nounFor } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import type { LargeDraw } from '../../data/drawLarge.ts'

/** With fewer, the usual share that is held out is hardly a row. */
const fewRows = 20
/** One row has no spread: nothing could be scaled, and any model would rebuild it. */
const fewestRows = 2

/**
 * @param incomplete  rows that are left out as they lack a value
 * @throws DATA_UNSUITABLE
 */
export function checkEnough(
  trainRows: number,
  holdoutRows: number,
  incomplete: number,
  { kind, validRows }: Pick<DatasetMeta, 'kind' | 'validRows'>,
): void {
  if (trainRows >= fewestRows) return
  const [one, many] = rowNoun[kind]
  const there = trainRows === 0 ? 'there is none' : `there is ${counted(trainRows, one, many)}`
  const lacking = incomplete === 0 ? '' : `, of which ${incomplete} ${nounFor(incomplete, 'lacks one and is', 'lack one and are')} left out`
  throw new StratumError(
    'DATA_UNSUITABLE',
    `A model learns from at least ${fewestRows} ${many}, and ${there}${holdoutRows > 0 ? ` beside ${holdoutRows} held out` : ''}: the data has ${counted(validRows, one, many)} with values${lacking}.`,
    hintFor(validRows, incomplete),
    { rows: trainRows },
  )
}

function hintFor(validRows: number, incomplete: number): string {
  if (validRows < fewestRows) return 'Check the file, and which value means no data.'
  if (incomplete > 0) return 'Replace missing values instead, or leave out the columns that lack them.'
  return 'Hold out a smaller share, or check the no-data value.'
}

/** @throws DATA_UNSUITABLE: a model of rows that are all alike would seem perfect and say nothing */
export function checkSomethingVaries(X: Float32Array, n: number, columns: readonly Column[], { kind }: DatasetMeta): void {
  const d = columns.length
  const varies = (j: number): boolean => {
    let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = j; at < n * d; at += d) {
      if (X[at] < least) least = X[at]
      if (X[at] > greatest) greatest = X[at]
      if (least < greatest) return true
    }
    return false
  }
  if (columns.some((_, j) => varies(j))) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    `${d === 1 ? `“${columns[0].name}” has` : `All ${d} ${columnNoun[kind][1]} have`} one value in all ${n} ${rowNoun[kind][1]} to learn from.`,
    'There is nothing to learn. Check the file and its no-data value, or choose other rows.',
    { rows: n },
  )
}

export const fewRowsFinding = ({ trainRows, holdoutRows }: LargeDraw, { kind }: DatasetMeta): Finding[] =>
  trainRows >= fewRows
    ? []
    : [
        {
          severity: 'warning',
          code: 'FEW_ROWS_TO_LEARN',
          message: `A model learns from ${trainRows} ${rowNoun[kind][1]} only and is judged by ${holdoutRows === 0 ? 'none' : `${holdoutRows} that ${holdoutRows === 1 ? 'is' : 'are'} held out`}.`,
          hint: `Below some ${fewRows} rows neither says how it does on others; take a file with more.`,
        },
      ]

export const sampleFinding = ({ sampleRows, trainRows }: LargeDraw, { kind }: DatasetMeta): Finding[] =>
  sampleRows >= trainRows
    ? []
    : [
        {
          severity: 'info',
          code: 'FITTED_ON_SAMPLE',
          message: `Scaling was fitted on ${sampleRows} of the ${trainRows} ${rowNoun[kind][1]} to learn from.`,
          hint: 'More would not change it noticeably; the extremes of a few rows may lie outside.',
        },
      ]

export const incompleteFinding = (meta: DatasetMeta, rows: number): Finding[] =>
  rows === 0
    ? []
    : [
        {
          severity: 'warning',
          code: 'INCOMPLETE_LEFT_OUT',
          message: `${rows} of ${meta.rows} ${rowNoun[meta.kind][1]} ${nounFor(rows, 'lacks a value and is', 'lack a value and are')} left out.`,
          hint: 'They have no codes and no scores; missing values can be replaced instead.',
        },
      ]
