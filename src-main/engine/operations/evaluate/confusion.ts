/** The classes of an evaluated map against the labels, read back from what the evaluation stored. Memory: the table. */
import type { z } from 'zod'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact, LegendEntry } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { EvaluatedResult, EvaluationMeta, Naming } from '#common/domain/evaluation.ts'
import { defaultStyle } from '#common/domain/palettes.ts'
import { StratumError } from '#common/errors.ts'
import { type Contingency, tableOf } from '#engine/analysis/evaluation/agreement.ts'
import { areaAdjusted } from '#engine/analysis/evaluation/areaAdjusted.ts'
import { f1Of, judgeNames, nameClasses } from '#engine/analysis/evaluation/classAgreement.ts'
import { finishedArtifact } from '../../project/finished.ts'
import type { Project } from '../../project/project.ts'

export type Confusion = z.output<EngineCalls['readConfusion']['output']>

export interface EvaluatedRow<Kind extends EvaluatedResult['kind']> {
  readonly comparison: Artifact
  readonly meta: ComparisonMeta & { readonly evaluation: EvaluationMeta }
  readonly result: Extract<EvaluatedResult, { kind: Kind }>
  readonly artifact: Artifact | null
}

/** @throws ARTIFACT_KIND where the row is none of an evaluation, or of the other kind */
export function evaluatedRow<Kind extends EvaluatedResult['kind']>(
  project: Project,
  id: number,
  row: number,
  kind: Kind,
): EvaluatedRow<Kind> {
  const comparison = finishedArtifact(project, id, 'comparison')
  const meta = comparison.meta as unknown as ComparisonMeta
  const result = meta.evaluation?.results[row]
  if (!result || !meta.evaluation || result.kind !== kind)
    throw new StratumError(
      'ARTIFACT_KIND',
      `“${comparison.name}” holds no ${kind} in row ${row + 1}.`,
      'Compare the result with labels again: older comparisons kept figures only.',
      { artifact: id },
    )
  const made = meta.rows[row].artifact
  const artifact = made === null ? null : (project.artifacts().find((a) => a.id === made) ?? null)
  return { comparison, meta: { ...meta, evaluation: meta.evaluation }, result: result as EvaluatedRow<Kind>['result'], artifact }
}

/** Counts [found, labelled] of a row, found classes from the first one on, and the rows of each of them with and without a label. */
function storedTable(project: Project, id: number, row: number): { table: Contingency; mapped: Float64Array } {
  const counts = project.array(id, `confusion/${row}`)
  const [nFound, nTruth] = counts.shape
  return {
    table: tableOf(counts.read(0, nFound) as Float64Array, nFound, nTruth),
    mapped: project.array(id, `mapped/${row}`).read(0, nFound) as Float64Array,
  }
}

export function readConfusion(
  project: Project,
  { comparison: id, row, naming }: { comparison: number; row: number; naming: Naming },
): Confusion {
  const { comparison, meta, result, artifact } = evaluatedRow(project, id, row, 'classes')
  const { table, mapped } = storedTable(project, id, row)
  const named = nameClasses(table, naming)
  const judged = judgeNames(table, named)
  const { names } = meta.evaluation.labels
  // Samples were drawn under the names that are found one to one.
  const ends =
    naming === 'one-to-one' && comparison.arrays.some(({ name }) => name === `perClass/${row}`)
      ? (project.array(id, `perClass/${row}`).read(0, names.length) as Float64Array)
      : null
  const interval = (j: number, which: number): [number, number] | null => {
    const [low, high] = ends?.subarray(6 * j + 2 * which, 6 * j + 2 * which + 2) ?? [Number.NaN, Number.NaN]
    return Number.isNaN(low) ? null : [low, high]
  }
  const legend = artifact ? legendOf(project, artifact) : new Map<number, LegendEntry>()
  const isMap = meta.dataset !== undefined && (project.artifact(meta.dataset).meta as unknown as DatasetMeta).grid !== null
  return {
    counts: table.counts,
    found: Array.from(table.foundSizes, (rows, i) => {
      const isNoise = result.hasNoise && i === result.found - 1
      const { name, colour } = legend.get(i + 1) ?? defaultStyle({ id: i + 1, isNoise })
      return { id: i + 1, name, colour, isNoise, rows, mapped: mapped[i] }
    }),
    labelled: names.map((name, j) => ({ name, rows: table.truthSizes[j] })),
    named: [...named],
    accuracy: judged.accuracy,
    kappa: judged.kappa,
    classes: names.map((name, j) => {
      const [rows, right, asNamed] = [table.truthSizes[j], judged.right[j], judged.named[j]]
      return {
        label: j,
        name,
        rows,
        named: asNamed,
        right,
        producers: rows > 0 ? right / rows : null,
        users: asNamed > 0 ? right / asNamed : null,
        f1: f1Of(right, rows, asNamed),
        producersInterval: interval(j, 0),
        usersInterval: interval(j, 1),
        f1Interval: interval(j, 2),
      }
    }),
    adjusted: isMap ? areaAdjusted(table, named, mapped) : null,
  }
}

/** Names and colours that a user gave; a tidied map without any has those of the map it was made from. */
function legendOf(project: Project, { annotations, inputs }: Artifact): Map<number, LegendEntry> {
  if (annotations.legend) return new Map(annotations.legend.map((entry) => [entry.id, entry]))
  return inputs.clustering === undefined ? new Map() : legendOf(project, project.artifact(inputs.clustering))
}
