/**
 * An operation is declared once; the command line, the IPC call, the form, the recipe and the documentation derive from it.
 *
 *   export const encode = defineOperation({ id: 'encode', …, params: z.object({ … }), async run(ctx) { … return meta } })
 */
import type { z } from 'zod'
import type { Artifact, ArtifactKind, Progress } from '#common/domain/artifact.ts'
import type { Draft, Project } from '../project/project.ts'

export interface InputDeclaration {
  readonly kinds: readonly ArtifactKind[]
  readonly optional?: boolean
  readonly description: string
}

/** What a running job lets be seen. */
export type Shown = Float32Array | Float64Array

/** What an operation asks of another one; seed and device are its own unless said otherwise. */
export interface ChildRequest {
  readonly operation: string
  /** Role → artifact id. */
  readonly inputs: Readonly<Record<string, number>>
  readonly params?: Readonly<Record<string, unknown>>
  readonly seed?: number
  readonly name?: string
}

export interface OperationContext<Params> {
  readonly project: Project
  readonly params: Params
  /** Finished input artifacts by role; an optional one may be absent. */
  readonly inputs: Readonly<Record<string, Artifact>>
  readonly seed: number
  /** 'cpu' … */
  readonly device: string
  readonly threads: number
  readonly memoryBudgetBytes: number
  /** Time between checkpoints of what can be resumed, where it is not left to the operation. */
  readonly checkpointSeconds?: number
  readonly draft: Draft
  /** Aborts on cancel; check it at least every 200 ms (throwIfCancelled). */
  readonly signal: AbortSignal
  /** True once the user asked to stop and keep the best state; only operations with `canKeep` see it. */
  readonly keepRequested: () => boolean
  /** Resolves at once, or when a paused job goes on. Await it at every natural break. */
  readonly untilResumed: () => Promise<void>
  /** Throttled to ten a second by the runner; call it as often as convenient. Rate and time left are derived from `done`/`fraction` when not given. */
  readonly report: (progress: Progress) => void
  /**
   * Another operation, run to its end inside this job: an artifact of its own, from the cache where it was finished before, so that a
   * job that is asked for again goes on with what is missing. Cancel, pause and keep reach it; its progress is reported as `share` of this
   * job's, [from, to] within 0 … 1, under the stage's name given. Throws what it throws; what it began is then gone.
   */
  readonly run: (request: ChildRequest, share?: { readonly stage: string; readonly from: number; readonly to: number }) => Promise<Artifact>
  /**
   * Numbers to be seen while it runs, copied at once: the newest under a name stays in memory until the job ends. Costs a copy, so show at
   * most ten times a second.
   */
  readonly show?: (name: string, values: Shown) => void
  readonly log: (level: 'info' | 'warning' | 'error', message: string) => void
}

export interface OperationDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string
  /** Raise it when the same parameters would give another result: it is part of the content key. */
  readonly version: number
  readonly title: string
  readonly summary: string
  readonly citation?: string
  readonly inputs: Readonly<Record<string, InputDeclaration>>
  readonly params: Schema
  readonly produces: ArtifactKind
  /** Whether an input of a declared kind fits these parameters too; absent means that it does. */
  accepts?(role: string, kind: ArtifactKind, params: z.output<Schema>): boolean
  /** Default artifact name from the parameters; a number is added when it is taken. */
  nameFor?(params: z.output<Schema>, inputs: Readonly<Record<string, Artifact>>): string
  /** Runs beside a heavy job instead of waiting for it: little work, little memory, e.g. writing a table. */
  readonly light?: boolean
  /** What of a request cannot change the result: it is then no part of the key, and the operation sees seed 0 or device 'cpu'. */
  readonly ignores?: readonly ('seed' | 'device')[]
  /** Can be paused and resumed while running. */
  readonly canPause?: boolean
  /** Can stop early and keep its best state. */
  readonly canKeep?: boolean
  /** Keeps its draft and checkpoint when the process dies; asking again goes on from there. */
  readonly resumable?: boolean
  /** Parameters as they belong in the content key, e.g. without the path of a file whose content is in `identity`. Default: all as they are. */
  keyed?(params: z.output<Schema>): Readonly<Record<string, unknown>>
  /** Facts outside parameters and inputs that belong in the content key, e.g. the hash of an imported file. Called before the cache is asked. */
  identity?(params: z.output<Schema>, inputs: Readonly<Record<string, Artifact>>, project: Project): Promise<string> | string
  /** Never answered from the cache when true for a finished artifact, e.g. an export whose file was deleted. */
  isStale?(artifact: Artifact): boolean
  /** Told when a finished artifact answers a request; returns it, changed where the request knows something new of it. */
  reuse?(artifact: Artifact, params: z.output<Schema>, project: Project): Promise<Artifact>
  /** Writes its arrays through ctx.draft and returns the artifact's meta. Throws StratumError; the draft is then discarded (unless resumable and cancelled by a crash). */
  run(ctx: OperationContext<z.output<Schema>>): Promise<Readonly<Record<string, unknown>>>
}

export const defineOperation = <Schema extends z.ZodObject>(definition: OperationDefinition<Schema>): OperationDefinition<Schema> =>
  definition
