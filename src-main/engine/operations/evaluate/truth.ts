/** The labels that results are held against, as the evaluation takes them. Memory: two bytes per row of the dataset. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import type { Project } from '../../project/project.ts'
import { anomalousAmong } from '../anomalousLabels.ts'
import { readLabels } from '../labels.ts'
import type { EvaluateParams } from './params.ts'
import { calibrationRows, learnedRows } from './learnedRows.ts'

export interface Truth {
  /** [rows] position among `names`, −1 where not labelled. */
  readonly ids: Int16Array
  readonly names: readonly string[]
  /** Positions of values that mean 'not labelled' for classes, and count as normal for scores. */
  readonly leftOutOfClasses: ReadonlySet<number>
  /** By position: whether it counts as anomalous. Null where no result is scores. */
  readonly isAnomalous: readonly boolean[] | null
  /** Labelled rows that were left out because they had a part in the results. */
  readonly leftOut: number
}

/** Names are kept with the comparison, and a table that nobody can read is no answer. */
const mostClasses = 4000

export async function truthFor(
  project: Project,
  dataset: Artifact,
  artifacts: readonly Artifact[],
  params: EvaluateParams,
  signal: AbortSignal,
  report?: (rows: number) => void,
): Promise<Truth> {
  const { labels, field, anomalous, judge } = params
  const hasScores = artifacts.some(({ kind }) => kind === 'scores')
  const hasClasses = artifacts.some(({ kind }) => kind === 'clustering')
  const asked = params.ignore ?? ['0']
  // Without being told what is anomalous, 0 is what is normal, and cannot be 'not labelled' at the same time.
  const zeroIsNormal = hasScores && (params.ignore === null || anomalous.length === 0)
  const ignore = zeroIsNormal ? asked.filter((value) => value !== '0') : asked
  const read = await readLabels(dataset.meta as unknown as DatasetMeta, project.path, labels, field, ignore, signal, report)
  const { ids, names } = inOrder(read)
  if (names.length > mostClasses)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${labels}” has ${names.length} different values; up to ${mostClasses} can be told apart as classes.`,
      'Choose a field with classes.',
      { parameter: 'labels' },
    )
  let leftOut = 0
  const leaveOut = (rows: Float64Array): void => {
    for (const row of rows) {
      if (ids[row] >= 0) leftOut++
      ids[row] = -1
    }
  }
  if (judge !== 'all') for (const rows of learnedRows(project, artifacts, dataset.id)) leaveOut(rows)
  if (judge === 'fresh')
    for (const artifact of artifacts)
      if (artifact.kind === 'scores') leaveOut(calibrationRows(project, artifact, dataset.id) ?? new Float64Array())
  const labelled = ids.reduce((n, id) => n + (id >= 0 ? 1 : 0), 0)
  if (labelled === 0)
    throw new StratumError(
      'DATA_UNSUITABLE',
      leftOut > 0 ? `All ${leftOut} labelled rows had a part in the results.` : 'No row has a label.',
      leftOut > 0 ? 'Keep more rows out of it when preparing, or judge on all rows.' : 'Check the labels and the values left out.',
      { parameter: leftOut > 0 ? 'judge' : 'labels' },
    )
  const leftOutOfClasses = new Set(hasClasses ? names.flatMap((name, j) => (asked.includes(name) ? [j] : [])) : [])
  return { ids, names, leftOutOfClasses, isAnomalous: hasScores ? anomalousAmong(names, anomalous) : null, leftOut }
}

/** Numbers by size, words by letter: labels are met in whatever order the rows have. */
function inOrder({ ids, names }: { ids: Int16Array; names: string[] }): { ids: Int16Array; names: string[] } {
  const order = [...names.keys()].sort((a, b) => compareNames(names[a], names[b]))
  const placeOf = new Int16Array(names.length)
  for (const [place, id] of order.entries()) placeOf[id] = place
  for (let row = 0; row < ids.length; row++) if (ids[row] >= 0) ids[row] = placeOf[ids[row]]
  return { ids, names: order.map((id) => names[id]) }
}

function compareNames(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)]
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1
  return Number.isNaN(x) || x === y ? (a < b ? -1 : a > b ? 1 : 0) : x - y
}
