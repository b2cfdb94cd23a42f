/**
 * Rows whose label says whether they are anomalous, a share of them drawn by seed. Memory: a byte for each row of the dataset, three while
 * labels are read (seven of polygons); of scores that are asked for five for each labelled row.
 */
import { setImmediate } from 'node:timers/promises'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { rowHash } from '../../data/rowHash.ts'
import type { ArrayReader } from '../../project/project.ts'
import { anomalousAmong, oneKindOnly, wayToTell } from '../anomalousLabels.ts'
import { listed } from '../evaluate/words.ts'
import { readLabels } from '../labels.ts'
import type { RuleParams } from './threshold.ts'

const [unknown, normal, anomalous] = [0, 1, 2] as const
const rowsAtOnce = 2 ** 18

export interface LabelledRows {
  /** [rows of the dataset] */
  readonly verdicts: Uint8Array
  readonly normal: number
  readonly anomalous: number
}

/** Whether a row is among `share` percent of all, drawn by seed. */
export const isDrawn = (seed: number, row: number, share: number): boolean => rowHash(seed, row) < (share / 100) * 2 ** 32

/** @throws DATA_UNSUITABLE where not both kinds are there, and what reading labels throws */
export async function labelledRows(
  meta: DatasetMeta,
  projectPath: string,
  { labels, labelField, labelShare, anomalous: chosen }: Pick<RuleParams, 'labels' | 'labelField' | 'labelShare' | 'anomalous'>,
  seed: number,
  signal: AbortSignal,
  report?: (rows: number) => void,
): Promise<LabelledRows> {
  if (labels === null)
    throw new StratumError('PARAMETER_INVALID', 'It is not said where the labels are.', 'Give a field, a raster or polygons as labels.', {
      parameter: 'labels',
    })
  const { ids, names } = await readLabels(meta, projectPath, labels, labelField, [], signal, report)
  const isAnomalous = anomalousAmong(names, chosen)
  const same = oneKindOnly(names, isAnomalous)
  if (same !== null) throw new StratumError('DATA_UNSUITABLE', same, wayToTell, { parameter: 'anomalous' })
  const kinds = isAnomalous.map((is) => (is ? anomalous : normal))
  const verdicts = new Uint8Array(ids.length)
  const counts = [0, 0, 0]
  for (let row = 0; row < ids.length; row++) {
    if (ids[row] < 0 || !isDrawn(seed, row, labelShare)) continue
    verdicts[row] = kinds[ids[row]]
    counts[verdicts[row]]++
  }
  if (names.length === 0)
    throw new StratumError('DATA_UNSUITABLE', 'No row has a label.', 'Choose labels that some rows have.', { parameter: 'labels' })
  if (counts[anomalous] === 0 || counts[normal] === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `The labels that were drawn (of ${listed(names)}) hold ${counts[anomalous]} anomalous and ${counts[normal]} normal rows; both are needed.`,
      'Use more of the labels.',
      { parameter: 'labelShare' },
    )
  return { verdicts, normal: counts[normal], anomalous: counts[anomalous] }
}

/** Rows that somebody judged one by one; those that the dataset does not have are left out. */
export function judgedRows(rows: number, judged: readonly (readonly [row: number, kind: 0 | 1])[]): LabelledRows {
  const verdicts = new Uint8Array(rows)
  const counts = [0, 0]
  for (const [row, kind] of judged) {
    if (row >= rows) continue
    verdicts[row] = kind === 1 ? anomalous : normal
    counts[kind]++
  }
  return { verdicts, normal: counts[0], anomalous: counts[1] }
}

/** Scores of the labelled rows that have one, in their order, and whether these are anomalous. @param stored scores of all rows */
export async function labelledScores(
  { verdicts, ...counts }: LabelledRows,
  stored: ArrayReader,
  signal: AbortSignal,
): Promise<{ scores: Float32Array; positive: Uint8Array }> {
  const scores = new Float32Array(counts.normal + counts.anomalous)
  const positive = new Uint8Array(scores.length)
  let n = 0
  await eachScored({ verdicts, ...counts }, stored, signal, (_, kind, score) => {
    scores[n] = score
    positive[n++] = kind
  })
  return { scores: scores.subarray(0, n), positive: positive.subarray(0, n) }
}

/** The labelled rows that have a score. */
export async function withScore(labelled: LabelledRows, stored: ArrayReader, signal: AbortSignal): Promise<LabelledRows> {
  const verdicts = new Uint8Array(labelled.verdicts.length)
  const counts = [0, 0]
  await eachScored(labelled, stored, signal, (row, kind) => {
    verdicts[row] = kind === 1 ? anomalous : normal
    counts[kind]++
  })
  return { verdicts, normal: counts[0], anomalous: counts[1] }
}

async function eachScored(
  { verdicts }: LabelledRows,
  stored: ArrayReader,
  signal: AbortSignal,
  visit: (row: number, kind: 0 | 1, score: number) => void,
): Promise<void> {
  for (let from = 0; from < verdicts.length; from += rowsAtOnce) {
    throwIfCancelled(signal)
    const to = Math.min(verdicts.length, from + rowsAtOnce)
    const block = stored.read(from, to)
    for (let row = from; row < to; row++)
      if (verdicts[row] !== unknown && Number.isFinite(block[row - from]))
        visit(row, verdicts[row] === anomalous ? 1 : 0, block[row - from])
    await setImmediate()
  }
}

/** Their numbers, rising, and whether they are anomalous, a block at a time. */
export function* labelledBlocks({ verdicts }: LabelledRows): Generator<{ rows: Float64Array; positive: Uint8Array }> {
  for (let from = 0; from < verdicts.length; from += rowsAtOnce) {
    const to = Math.min(verdicts.length, from + rowsAtOnce)
    const [rows, positive] = [new Float64Array(to - from), new Uint8Array(to - from)]
    let n = 0
    for (let row = from; row < to; row++) {
      if (verdicts[row] === unknown) continue
      rows[n] = row
      positive[n++] = verdicts[row] === anomalous ? 1 : 0
    }
    yield { rows: rows.subarray(0, n), positive: positive.subarray(0, n) }
  }
}
