/**
 * The figures of classes, for all runs in two passes over the rows: validity in the one reference space, agreement with labels, and of
 * every two seeds of a row how far they agree. Memory: a block of rows, the sample for silhouettes, and tables of classes.
 */
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '#common/errors.ts'
import {
  adjustedRandIndex,
  type Contingency,
  ContingencyTally,
  hungarianAccuracy,
  normalisedMutualInformation,
  purity,
} from '#engine/analysis/evaluation/agreement.ts'
import { ValidityTally } from '#engine/analysis/validity/clusterValidity.ts'
import { adjustedMutualInformation, vMeasure } from '#engine/analysis/evaluation/information.ts'
import type { SampledRows } from '../../analysis/sampleRows.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import type { ArrayReader } from '../../project/project.ts'

/** A labelling of all rows, 1 … k and 0 without data. */
export interface Labelling {
  readonly labels: ArrayReader
  readonly k: number
  /** Labellings of the same group are seeds of one row. */
  readonly group: number
}

export interface Truth {
  /** −1 is not labelled. */
  readonly ids: Int16Array
  readonly classes: number
}

interface Judging {
  readonly reference: ArrayReader
  /** Rows of it, for silhouettes. */
  readonly sample: SampledRows
  readonly truth: Truth | null
  readonly signal: AbortSignal
  readonly report: (fraction: number) => void
}

type Figures = Record<string, number | null>

const blockValues = 2 ** 20

/** Figures of each labelling, and the agreement between seeds of each group: every pair once. */
export async function judge(
  all: readonly Labelling[],
  judging: Judging,
): Promise<{ figures: Figures[]; agreement: Map<number, number[]> }> {
  const { reference, sample, truth, signal, report } = judging
  const [rows, d] = reference.shape
  const tallies = all.map(({ k }) => ({
    validity: new ValidityTally(k, d),
    truth: truth && new ContingencyTally(k + 1, truth.classes),
    sampled: new Uint16Array(sample.rows.length),
  }))
  const pairs = pairsOf(all)

  const pass = async (isFirst: boolean): Promise<void> => {
    const rowsAtOnce = Math.max(reference.chunkRows, Math.floor(blockValues / d))
    for (let from = 0, next = 0; from < rows; from += rowsAtOnce) {
      throwIfCancelled(signal)
      const to = Math.min(rows, from + rowsAtOnce)
      const X = reference.read(from, to) as Float32Array
      const labels = all.map((it) => it.labels.read(from, to) as Uint16Array)
      const until = placeOf(sample.rows, to, next)
      for (const [i, tally] of tallies.entries()) {
        if (isFirst) {
          tally.validity.addToMeans(X, labels[i], to - from)
          tally.truth?.add(labels[i], (truth as Truth).ids.subarray(from, to), to - from)
          for (let s = next; s < until; s++) tally.sampled[s] = labels[i][sample.rows[s] - from]
        } else tally.validity.addToSpreads(X, labels[i], to - from)
      }
      if (isFirst) for (const { a, b, tally } of pairs) tally.add(labels[a], labels[b], to - from, 0, 0)
      next = until
      report((isFirst ? 0 : 0.4) + (0.4 * to) / rows)
      await setImmediate()
    }
  }
  await pass(true)
  await pass(false)

  const figures: Figures[] = []
  for (const [i, { validity, truth: table, sampled }] of tallies.entries()) {
    const width = await sampledSilhouette(sample, d, sampled, all[i].k, signal)
    figures.push({
      silhouette: width,
      calinskiHarabasz: validity.result()?.calinskiHarabasz ?? null,
      daviesBouldin: validity.result()?.daviesBouldin ?? null,
      ...(table && agreementFigures(table.result())),
    })
    report(0.8 + (0.2 * (i + 1)) / all.length)
  }
  const agreement = new Map<number, number[]>()
  for (const { a, tally } of pairs) {
    const { group } = all[a]
    agreement.set(group, [...(agreement.get(group) ?? []), adjustedRandIndex(tally.result())])
  }
  return { figures, agreement }
}

/** How far classes agree with labels. */
export function agreementFigures(table: Contingency): Figures {
  const { homogeneity, completeness } = vMeasure(table)
  return {
    ari: adjustedRandIndex(table),
    accuracy: hungarianAccuracy(table),
    nmi: normalisedMutualInformation(table),
    ami: adjustedMutualInformation(table),
    homogeneity,
    completeness,
    purity: purity(table),
  }
}

function pairsOf(all: readonly Labelling[]): { a: number; b: number; tally: ContingencyTally }[] {
  return all.flatMap((first, a) =>
    all.flatMap(({ group, k }, b) => (b > a && group === first.group ? [{ a, b, tally: new ContingencyTally(first.k + 1, k + 1) }] : [])),
  )
}

/** The first place from `from` on whose row is `row` or later. */
function placeOf(rows: Float64Array, row: number, from: number): number {
  let at = from
  while (at < rows.length && rows[at] < row) at++
  return at
}

/** Rows that this run has no code for are left out. */
async function sampledSilhouette(
  sample: SampledRows,
  d: number,
  labels: Uint16Array,
  k: number,
  signal: AbortSignal,
): Promise<number | null> {
  const kept = Uint32Array.from(labels.keys()).filter((i) => labels[i] > 0)
  const X = new Float32Array(kept.length * d)
  for (const [to, i] of kept.entries()) X.set(sample.codes.subarray(i * d, (i + 1) * d), to * d)
  const ids = Uint16Array.from(kept, (i) => labels[i] - 1)
  return silhouette(X, kept.length, d, ids, k, { sample: kept.length, seed: 0, signal })
}

/** Validity of classes in the space they were found in. Reads the codes twice. */
export async function ownValidity(codes: ArrayReader, labels: ArrayReader, k: number, signal: AbortSignal): Promise<Figures> {
  const [rows, d] = codes.shape
  const tally = new ValidityTally(k, d)
  const rowsAtOnce = Math.max(1, Math.floor(blockValues / d))
  for (const turn of ['addToMeans', 'addToSpreads'] as const)
    for (let from = 0; from < rows; from += rowsAtOnce) {
      throwIfCancelled(signal)
      const to = Math.min(rows, from + rowsAtOnce)
      tally[turn](codes.read(from, to) as Float32Array, labels.read(from, to), to - from)
      await setImmediate()
    }
  const validity = tally.result()
  return { ownCalinskiHarabasz: validity?.calinskiHarabasz ?? null, ownDaviesBouldin: validity?.daviesBouldin ?? null }
}
