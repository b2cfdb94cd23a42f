/** Rows of a matrix that a report judges: held-out ones, or those learned from where none were held out. */
import type { MatrixMeta } from '#common/domain/results.ts'
import { rowHash } from '../../data/rowHash.ts'
import type { Project } from '../../project/project.ts'

export interface JudgedRows {
  readonly n: number
  /** [n × D] prepared, with the conditions. */
  readonly X: Float32Array
  /** Row numbers in the dataset. */
  readonly index: Float64Array
  /** Groups of the rows, where the preparation scales within groups. */
  readonly groups: Int32Array | undefined
  /** Of how many they were drawn. */
  readonly of: number
  readonly heldOut: boolean
}

/** All of them, or one from each of `most` equal stretches under a seed. Memory: the rows and one stored chunk. */
export function drawRows(project: Project, matrixId: number, most: number, seed: number): JudgedRows {
  const matrix = project.artifact(matrixId).meta as unknown as MatrixMeta
  const heldOut = matrix.holdoutRows > 0
  const part = heldOut ? 'holdout' : 'train'
  const of = heldOut ? matrix.holdoutRows : matrix.trainRows
  const D = matrix.columns.length
  const n = Math.min(of, most)
  const rows = project.array(matrixId, part)
  const numbers = project.array(matrixId, `${part}Index`)
  const within = matrix.steps.some((step) => step.id === 'scale-within')
  const stored = within ? project.array(matrixId, `${part}Group`) : null
  const X = new Float32Array(n * D)
  const index = new Float64Array(n)
  const groups = stored ? new Int32Array(n) : undefined
  for (let i = 0; i < n; i++) {
    const at = n === of ? i : Math.min(of - 1, Math.floor(((i + rowHash(seed, i) / 2 ** 32) * of) / n))
    X.set(rows.read(at, at + 1) as Float32Array, i * D)
    index[i] = numbers.read(at, at + 1)[0]
    if (groups && stored) groups[i] = stored.read(at, at + 1)[0]
  }
  return { n, X, index, groups, of, heldOut }
}
