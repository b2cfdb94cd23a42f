/** One step of training a stage, as a pure function of tensors: batch, loss, gradients, optimiser. */
import { type Program, trace } from '../compute/trace/trace.ts'
import { type HostArrays, mapValues, type StepFn, type StepSpec, specsOf, type TensorMap } from '../compute/step.ts'
import { clone, gather, keep, type Scalar, type Tensor, type Tensor1D, type Tensor2D, valueAndGrads } from '../compute/tfjs.ts'
import { randomNormal, randomUniform } from '../compute/random/kernel.ts'
import type { Noise, Stage, Weights } from '../models/define.ts'
import { adamStep } from '../optim/adam.ts'
import { clipByGlobalNorm } from '../optim/clip.ts'
import type { Packing } from '../optim/packing.ts'

export interface StepOptions {
  /** 0 is none. */
  readonly gradientClip: number
  readonly weightDecay: number
}

/** θ as 'theta/…', Adam's moments as 'first/…' and 'second/…'. Copies: a run takes its state over, the weights stay the caller's. */
export function initialState(packing: Packing, weights: Weights): HostArrays {
  const vectors = Object.entries(packing.pack(weights))
  const zeros = (name: string) =>
    vectors.map(([key, { shape, values }]) => [`${name}/${key}`, { shape, values: new Float32Array(values.length) }] as const)
  return Object.fromEntries([
    ...vectors.map(([key, { shape, values }]) => [`theta/${key}`, { shape, values: values.slice() }] as const),
    ...zeros('first'),
    ...zeros('second'),
  ])
}

export const weightsOf = (packing: Packing, state: HostArrays): Weights => packing.unpack(under('theta', state))

/** The entries `<prefix>/<name>` by name. */
export function under<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (key.startsWith(`${prefix}/`) ? [[key.slice(prefix.length + 1), value]] : [])),
  )
}

/**
 * @param inputs  'x' [n, D] all training rows, and 'weights/…' of earlier stages that stay as they are
 * @param batch   rows of a step; scan 'rows' says which
 */
export function trainingStep(
  stage: Stage,
  packing: Packing,
  state: HostArrays,
  inputs: HostArrays,
  batch: number,
  options: StepOptions,
): { spec: StepSpec; step: StepFn } {
  const scalarSpec = { shape: [], dtype: 'float32' } as const
  const spec: StepSpec = {
    state: specsOf(state),
    inputs: specsOf(inputs),
    scan: {
      rows: { shape: [batch], dtype: 'int32' },
      key: { shape: [], dtype: 'int32' },
      stepSize: scalarSpec,
      offset: scalarSpec,
      ...(options.weightDecay > 0 && { shrink: scalarSpec }),
    },
  }
  const step: StepFn = ({ state: now, inputs: fixed, scan }) => {
    const x = gather(fixed.x, scan.rows as Tensor1D) as Tensor2D
    const theta = under('theta', now)
    const names = Object.keys(theta)
    const noise = noiseOf(scan.key as Scalar)
    let terms: TensorMap = {}

    const { value, grads } = valueAndGrads((...vectors: Tensor[]) => {
      const trained = packing.unpackTensors(Object.fromEntries(names.map((name, i) => [name, vectors[i]])))
      const loss = stage.loss(x, { ...under('weights', fixed), ...trained }, noise)
      terms = mapValues(loss.terms, (term) => keep(clone(term))) // else they would be gone with the tape
      return loss.total
    })(names.map((name) => theta[name]))

    const gradients = options.gradientClip > 0 ? clipByGlobalNorm(grads, options.gradientClip) : grads
    const after: Record<string, Tensor> = {}
    for (const [i, name] of names.entries()) {
      const moved = adamStep(
        { theta: theta[name], first: now[`first/${name}`], second: now[`second/${name}`] },
        gradients[i],
        scan.stepSize as Scalar,
        scan.offset as Scalar,
        (scan.shrink as Scalar | undefined) ?? null,
      )
      after[`theta/${name}`] = moved.theta
      after[`first/${name}`] = moved.first
      after[`second/${name}`] = moved.second
    }
    return { state: after, out: { loss: value, ...released(terms) } }
  }
  return { spec, step }
}

const noiseOf = (key: Scalar): Noise => ({
  uniform: (site, shape) => randomUniform(key, shape, site),
  normal: (site, shape) => randomNormal(key, shape, site),
})

/** Kept tensors as ordinary ones; a single term is the loss itself and is not repeated. */
function released(terms: TensorMap): TensorMap {
  const copies = Object.keys(terms).length > 1 ? mapValues(terms, (t, name) => [`term/${name}`, clone(t)] as const) : {}
  for (const term of Object.values(terms)) term.dispose()
  return Object.fromEntries(Object.values(copies))
}

export function traceTraining(title: string, ...given: Parameters<typeof trainingStep>): Program {
  const { spec, step } = trainingStep(...given)
  return trace(title, spec, step)
}

/** The loss of blocks of held-out rows, without noise. Scan 'x' [block, D]. */
export function traceJudging(title: string, stage: Stage, weights: HostArrays, block: number, inputDim: number): Program {
  return trace(
    title,
    { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, inputDim], dtype: 'float32' } } },
    ({ inputs, scan }) => ({
      state: {},
      out: { loss: stage.loss(scan.x as Tensor2D, inputs, null).total },
    }),
  )
}
