import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { Grid } from '#common/domain/grid.ts'
import { StratumError } from '#common/errors.ts'
import type { OperationContext } from '../define.ts'
import type { Params } from './params.ts'

export type Context = OperationContext<Params>

/** What is exported, with the dataset it belongs to. */
export interface Subject {
  readonly artifact: Artifact
  readonly dataset: Artifact
  readonly data: DatasetMeta
  readonly path: string
}

export function gridOf({ data, dataset }: Subject): Grid {
  if (data.grid) return data.grid
  throw new StratumError(
    'ARTIFACT_KIND',
    `“${dataset.name}” is not a scene, so there is no map of it.`,
    `Export its ${rowNoun[data.kind][1]} as .csv, or the codes as .npy.`,
    { artifact: dataset.id },
  )
}
