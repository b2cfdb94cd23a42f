/** The faces of training as the engine's operations use them. */
import type { Progress } from '#common/domain/artifact.ts'
import type { ModelLayout, TrainWarning } from '#common/domain/results.ts'
import type { ResidentRows, RowReader } from '../compute/rowReader.ts'
import type { HostArray } from '../compute/step.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import type { Beginning, LastState } from './beginning.ts'
import type { MetricPoint } from './curve.ts'
import type { StoredRows } from './storedRows.ts'

/** Where a run keeps what it needs to go on after the process died. `save` replaces what was there, in one transaction. */
export interface CheckpointStore {
  load(): { state: unknown; arrays: Readonly<Record<string, { shape: readonly number[]; values: ArrayLike<number> }>> } | null
  save(state: unknown, arrays: Readonly<Record<string, HostArray & { dtype: 'float32' | 'int32' }>>): void
}

/** Rows in memory or in a project file; see matrixRows.ts. Whoever opened them closes them. */
export type TrainingRows = ResidentRows | StoredRows

export interface TrainOptions {
  readonly model: ModelDefinition
  readonly params: Readonly<Record<string, unknown>>
  /** trainRows prepared rows of inputDim numbers. In memory and not on a SharedArrayBuffer they are copied once. */
  readonly train: Float32Array | TrainingRows
  readonly trainRows: number
  /** holdoutRows of the same; may be none: then nothing stops early and the last weights are kept. */
  readonly holdout: Float32Array | RowReader
  readonly holdoutRows: number
  readonly inputDim: number
  /** How many of those, the last ones, are given and not rebuilt; default none. */
  readonly conditions?: number
  /** Whether the last of these say which of the values to rebuild are known; see models/build.ts. */
  readonly masked?: boolean
  /** For messages; else columns are counted. */
  readonly columnNames?: readonly string[]
  readonly seed: number
  readonly threads: number
  /** Where steps are computed, an id of devices.ts; default 'cpu'. Where that fails the processor takes over, with a warning. */
  readonly device?: string
  readonly signal: AbortSignal
  /** True ends the current stage with its best weights; later stages, which the model cannot do without, then get one pass each. */
  readonly keepRequested: () => boolean
  readonly untilResumed: () => Promise<void>
  readonly report: (progress: Progress) => void
  readonly addMetrics: (points: readonly MetricPoint[]) => void
  readonly checkpoint: CheckpointStore
  /** What another run has left, to begin with; default nothing. */
  readonly beginning?: Beginning
  /** Time between checkpoints; default 5. Stages that end are always saved. */
  readonly checkpointSeconds?: number
}

/** With rows to be read where they are, and on shared memory when they are in memory. */
export interface ReadyOptions extends TrainOptions {
  readonly train: TrainingRows
  readonly holdout: RowReader
}

export interface TrainResult {
  readonly weights: Weights
  readonly layout: ModelLayout
  /** Mean squared error in prepared units over rows and columns that are rebuilt. */
  readonly trainError: number
  readonly holdoutError: number | null
  /** 1 − Σ(x − x̂)² / Σ(x − column mean)², on held-out rows where there are any. */
  readonly explainedVariance: number
  /** Per column Σ(x − x̂)² / Σ(x − mean)², on the same rows. */
  readonly columnError: readonly number[]
  readonly epochs: number
  readonly steps: number
  readonly rowsSeen: number
  readonly stopped: 'finished' | 'early' | 'kept' | 'diverged'
  readonly executor: string
  readonly warnings: readonly TrainWarning[]
  /** What going on with this run needs beside its weights; null where there is no such thing: closed forms, runs that diverged. */
  readonly last: LastState | null
  /** Names of the weights that were taken over at the beginning and of those that were new; null where nothing was to be taken. */
  readonly begun: { readonly taken: readonly string[]; readonly fresh: readonly string[] } | null
}
