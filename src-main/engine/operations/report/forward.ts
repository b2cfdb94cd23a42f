/**
 * A trained model for reports: posterior and decoding of any codes, not only of those that a row has. Rows go through in blocks of a fixed
 * size on one thread, so what a row becomes does not depend on threads or on its neighbours.
 */
import { throwIfCancelled } from '#common/errors.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { compile } from '../../compute/compile.ts'
import { NumericWorker } from '../../compute/numericWorker.ts'
import { lastOfEach } from '../../compute/rowReader.ts'
import { type Executor, specsOf, type TensorMap, type TensorSpec } from '../../compute/step.ts'
import type { Tensor2D } from '../../compute/tfjs.ts'
import { trace } from '../../compute/trace/trace.ts'
import { buildFor, scaleOf } from '../../models/build.ts'
import type { ComparisonScale, GradientModel, Weights } from '../../models/define.ts'
import { modelById } from '../../models/registry.ts'
import type { Project } from '../../project/project.ts'
import { layoutOf } from '../../train/layout.ts'
import { readWeights } from '../trainedModel.ts'

export interface Forward {
  readonly codeSize: number
  /** D, columns of prepared rows, and how many of them are rebuilt. */
  readonly columns: number
  readonly rebuilt: number
  readonly isVariational: boolean
  /** What errors are of, where it is not prepared numbers. */
  readonly scale: ComparisonScale | null
  readonly errorsOf: string | undefined
  readonly weights: Weights
  /** Of X [n × D]: [n × rebuilt] 1 where a value is known; null where all are. */
  present(X: Float32Array, n: number): Float32Array | null
  /** Multiply-adds of a row, about: how many numbers were learned. */
  readonly work: number
  /** X [n × D] → codes [n × Z] */
  codes(X: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array>
  /** μ and ln σ² [n × Z]; only where `isVariational`. */
  posterior(X: Float32Array, n: number, signal?: AbortSignal): Promise<{ mu: Float32Array; logVariance: Float32Array }>
  /** KL of every row and unit [n × Z] in nats, of models whose prior is another one than N(0, I); else null. */
  divergence(X: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array | null>
  /** Of the decoder's Gaussian noise, where it is one number for all columns. */
  readonly noiseVariance: number | null
  /** As GradientModel says. */
  readonly codePrice: number | null
  /**
   * z [n × Z] → x̂ [n × rebuilt]
   * @param X  [n × D] the rows themselves, for what is given with them; without it typical values are taken
   */
  decode(z: Float32Array, n: number, X?: Float32Array, signal?: AbortSignal): Promise<Float32Array>
  /** z [n × Z] → what the codes know of a row [n × rebuilt], on a scale where distances mean something; see GradientModel.profile. */
  profile(z: Float32Array, n: number, signal?: AbortSignal): Promise<Float32Array>
  close(): Promise<void>
}

const blockRows = { small: 64, large: 1024 } as const
/** Wider rows or codes go through in small blocks: 64 MB at 16 384 numbers. */
const wideFrom = 16_384
/** In or out of one run of the worker. */
const runBytes = 4 << 20
/** Multiply-adds of a run: about 0.1 s. */
const runWork = 4e9

type What = 'codes' | 'posterior' | 'divergence' | 'decode' | 'decodeGiven' | 'profile'

/** Memory: the weights twice, and per call its results and one run. Close it: it holds a thread. */
export function openForward(project: Project, artifact: Artifact): Forward {
  const meta = artifact.meta as unknown as ModelMeta
  const definition = modelById(meta.model)
  const D = meta.columns.length
  const rebuilt = D - (meta.conditions ?? 0)
  const weights = readWeights(project, artifact)
  const built = buildFor(definition, definition.params.parse(meta.settings), D, meta.conditions ?? 0, meta.masked)
  const { codeSize: Z } = layoutOf(built)
  const { posterior, divergence, noiseVariance, codePrice = null }: Partial<GradientModel> = built.kind === 'gradient' ? built : {}
  const workPerRow = Object.values(weights).reduce((sum, { values }) => sum + values.length, 0)
  const worker = new NumericWorker()
  const executors = new Map<string, Promise<Executor>>()

  function stepOf(what: What, x: Tensor2D | undefined, z: Tensor2D | undefined, inputs: TensorMap): TensorMap {
    if (what === 'codes') return { codes: built.encode(x as Tensor2D, inputs) }
    if (what === 'divergence' && divergence) return { kl: divergence(x as Tensor2D, inputs) }
    if (what === 'posterior' && posterior) return { ...posterior(x as Tensor2D, inputs) }
    if (what === 'decode' || what === 'decodeGiven') return { x: built.decode(z as Tensor2D, inputs, x) }
    if (what === 'profile') return { x: (built.profile ?? built.decode)(z as Tensor2D, inputs) }
    throw new Error(`${definition.id} has no ${what}`)
  }

  async function open(what: What, block: number): Promise<Executor> {
    const scanned: Record<string, TensorSpec> = {
      ...(what !== 'decode' && what !== 'profile' && { x: { shape: [block, D], dtype: 'float32' } }),
      ...((what.startsWith('decode') || what === 'profile') && { z: { shape: [block, Z], dtype: 'float32' } }),
    }
    const program = trace(`${definition.id}, ${what}`, { state: {}, inputs: specsOf(weights), scan: scanned }, ({ inputs, scan }) => ({
      state: {},
      out: stepOf(what, scan.x as Tensor2D | undefined, scan.z as Tensor2D | undefined, inputs),
    }))
    const executor = await worker.open(compile(program), 1)
    await executor.load({ inputs: weights })
    return executor
  }

  function executorFor(what: What, block: number): Promise<Executor> {
    const key = `${what} ${block}`
    const known = executors.get(key)
    if (known) return known
    const opening = open(what, block)
    executors.set(key, opening)
    opening.catch(() => executors.delete(key)) // tried again when it is asked for again
    return opening
  }

  /** All rows through a program; the last block is filled up with zeros. */
  async function run<Name extends string>(
    what: What,
    n: number,
    given: Readonly<Record<string, { readonly values: Float32Array; readonly width: number }>>,
    sizes: Readonly<Record<Name, number>>,
    signal?: AbortSignal,
  ): Promise<Record<Name, Float32Array>> {
    const names = Object.keys(sizes) as Name[]
    const whole = Object.fromEntries(names.map((name) => [name, new Float32Array(n * sizes[name])])) as Record<Name, Float32Array>
    if (n === 0) return whole
    const widest = Math.max(D, Z)
    const block = n <= blockRows.small || widest > wideFrom ? blockRows.small : blockRows.large
    const executor = await executorFor(what, block)
    const blocks = Math.max(1, Math.min(Math.floor(runBytes / (4 * block * widest)), Math.floor(runWork / (block * workPerRow))))
    for (let from = 0; from < n; from += blocks * block) {
      if (signal) throwIfCancelled(signal)
      const rows = Math.min(blocks * block, n - from)
      const steps = Math.ceil(rows / block)
      const scan = Object.entries(given).map(([name, { values, width }]) => {
        const padded = new Float32Array(steps * block * width)
        padded.set(values.subarray(from * width, (from + rows) * width))
        return [name, { shape: [steps, block, width], values: padded }] as const
      })
      const out = await executor.run(Object.fromEntries(scan), steps)
      for (const name of names) whole[name].set((out[name].values as Float32Array).subarray(0, rows * sizes[name]), from * sizes[name])
    }
    return whole
  }

  return {
    codeSize: Z,
    columns: D,
    rebuilt,
    isVariational: posterior !== undefined,
    scale: scaleOf(built, weights),
    errorsOf: built.kind === 'gradient' ? built.comparison?.title : undefined,
    weights,
    work: workPerRow,
    present: (X, n) => (meta.masked ? lastOfEach(X, n, D, rebuilt) : null),
    codes: async (X, n, signal) => (await run('codes', n, { x: { values: X, width: D } }, { codes: Z }, signal)).codes,
    posterior: (X, n, signal) => run('posterior', n, { x: { values: X, width: D } }, { mu: Z, logVariance: Z }, signal),
    noiseVariance: noiseVariance?.(weights) ?? null,
    codePrice,
    divergence: async (X, n, signal) =>
      divergence ? (await run('divergence', n, { x: { values: X, width: D } }, { kl: Z }, signal)).kl : null,
    async decode(z, n, X, signal) {
      const codes = { z: { values: z, width: Z } }
      const { x } = X
        ? await run('decodeGiven', n, { ...codes, x: { values: X, width: D } }, { x: rebuilt }, signal)
        : await run('decode', n, codes, { x: rebuilt }, signal)
      return x
    },
    profile: async (z, n, signal) => (await run('profile', n, { z: { values: z, width: Z } }, { x: rebuilt }, signal)).x,
    async close() {
      const opened = await Promise.allSettled(executors.values())
      for (const one of opened) if (one.status === 'fulfilled') await one.value.close()
      await worker.close()
    },
  }
}
