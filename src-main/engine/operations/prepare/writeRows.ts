/** Drawn rows through the fitted steps into the project file. Memory: a few times `pieceBytes` beside the drawn rows. */
import type { FittedStep } from '#common/domain/steps.ts'
import { StratumError } from '#common/errors.ts'
import type { ConditionRows } from '../../data/conditionFields.ts'
import type { DrawnPart, LargeDraw } from '../../data/drawLarge.ts'
import { type Known, sideBySide } from '../../data/pipeline/known.ts'
import type { MissingBits } from '../../data/pipeline/missingBits.ts'
import { applyPipeline } from '../../data/pipeline/pipeline.ts'
import { fitsFloat16 } from '../../project/float16.ts'
import type { Draft } from '../../project/project.ts'
import { blockRowsOf } from '../../train/rowOrder.ts'
import type { Params } from './params.ts'

/** Rows are prepared this many bytes at a time: steps may make them several times as wide. */
const pieceBytes = 8 * 2 ** 20

/** What belongs to each row of the dataset beside its columns. */
export interface BesideRows {
  readonly groupOf: Int32Array | null
  /** Its conditions. */
  readonly given: ConditionRows | null
  /** Which of its values there are, for models that learn around the others. */
  readonly known: Known | null
  /** For which of them something stands in; null where none is missing. */
  readonly missing: MissingBits | null
}

/** Prepared rows and their numbers, part by part as they come. */
export async function writeRows(
  draft: Draft,
  { trainRows, holdoutRows, rows }: LargeDraw,
  steps: readonly FittedStep[],
  { d, width }: { readonly d: number; readonly width: number },
  storage: Params['storage'],
  { groupOf, given, known, missing }: BesideRows,
): Promise<void> {
  // Pieces are what training shuffles by, so both ways of keeping numbers give the same order.
  const writersOf = (part: DrawnPart['part'], n: number) => ({
    values: draft.writeArray(part, { dtype: storage, shape: [n, width], chunkRows: blockRowsOf(width) }),
    index: draft.writeArray(`${part}Index`, { dtype: 'float64', shape: [n] }),
    groups: groupOf && draft.writeArray(`${part}Group`, { dtype: 'int32', shape: [n] }),
    absent: missing && draft.writeArray(`${part}Missing`, { dtype: 'uint8', shape: [n, missing.width] }),
  })
  const writers = { train: writersOf('train', trainRows), holdout: writersOf('holdout', holdoutRows) }
  const rowsAtOnce = Math.max(1, Math.floor(pieceBytes / (4 * Math.max(d, width))))
  for await (const { part, n, X, index } of rows()) {
    const { values, index: numbers, groups, absent } = writers[part]
    const ofRows = groupOf && Int32Array.from(index, (row) => groupOf[row])
    for (let from = 0; from < n; from += rowsAtOnce) {
      const to = Math.min(n, from + rowsAtOnce)
      const rowsNow = X.subarray(from * d, to * d)
      const marks = known?.of(rowsNow, to - from)
      if (missing) absent?.append(missing.of(rowsNow, to - from))
      const prepared = applyPipeline(steps, rowsNow, to - from, d, { groups: ofRows?.subarray(from, to) })
      const learned = width - (given?.width ?? 0) - (known?.columns.length ?? 0)
      const withGiven = given ? given.append(prepared, to - from, learned, (i) => index[from + i]) : prepared
      const whole = marks ? sideBySide(withGiven, marks, to - from) : withGiven
      if (storage === 'float16') checkFitsFloat16(whole)
      values.append(whole)
    }
    numbers.append(index)
    if (ofRows) groups?.append(ofRows)
  }
  for (const { values, index, groups, absent } of Object.values(writers)) {
    values.finish()
    index.finish()
    groups?.finish()
    absent?.finish()
  }
}

function checkFitsFloat16(values: Float32Array): void {
  if (fitsFloat16(values)) return
  throw new StratumError(
    'DATA_UNSUITABLE',
    'Some values are beyond 65 504, which is the largest number of two bytes.',
    'Scale the columns, or keep numbers in four bytes.',
    { parameter: 'storage' },
  )
}
