/** One step of training a stage, as a pure function of tensors: batch, loss, gradients, optimiser. */
import { type Program, trace } from '../compute/trace/trace.ts'
import { type HostArrays, mapValues, type StepFn, type StepSpec, specsOf, type TensorMap, type TensorSpecs } from '../compute/step.ts'
import {
  abs,
  clone,
  gather,
  keep,
  mul,
  type Scalar,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  valueAndGrads,
} from '../compute/tfjs.ts'
import { randomNormal, randomUniform } from '../compute/random/kernel.ts'
import { observe } from '../layers/observe.ts'
import type { Noise, Stage, Weights } from '../models/define.ts'
import { clipByGlobalNorm, clipByValue } from '../optim/clip.ts'
import type { Optimiser } from '../optim/define.ts'
import { type Packing, packingOf } from '../optim/packing.ts'
import { alongSphere, toUnitRows } from '../optim/unitRows.ts'

export interface StepOptions {
  readonly optimiser: Optimiser
  /** 0 is none. */
  readonly gradientClip: number
  /** 0 or left out is none. */
  readonly gradientClipValue?: number
  readonly weightDecay: number
}

/** Whether weight decay shrinks a weight: what the stage says, else those of two and more axes that have no fixed length. */
function isDecayed({ decays, unitRows }: Stage, name: string, { shape }: Weights[string]): boolean {
  return decays ? decays.includes(name) : shape.length > 1 && !unitRows?.includes(name)
}

/** How the weights that a stage trains lie in its state. */
export function packingFor(stage: Stage, trained: Weights, { weightDecay }: Pick<StepOptions, 'weightDecay'>): Packing {
  return packingOf(trained, (name) => {
    if (stage.unitRows?.includes(name)) return 'apart'
    return weightDecay > 0 && !isDecayed(stage, name, trained[name]) ? 'packed, not decayed' : 'packed'
  })
}

/**
 * θ as 'theta/…', the optimiser's vectors as '<slot>/…', the stage's own numbers as 'buffer/…'. Copies: a run takes its state
 * over, the weights stay the caller's.
 */
export function initialState(stage: Stage, packing: Packing, weights: Weights, { slots }: Optimiser): HostArrays {
  const vectors = Object.entries(packing.pack(weights))
  const zeros = (slot: string) =>
    vectors.map(([key, { shape, values }]) => [`${slot}/${key}`, { shape, values: new Float32Array(values.length) }] as const)
  const copies = (role: string, arrays: readonly (readonly [string, HostArrays[string]])[]) =>
    arrays.map(([key, { shape, values }]) => [`${role}/${key}`, { shape, values: values.slice() }] as const)
  return Object.fromEntries([
    ...copies('theta', vectors),
    ...slots.flatMap(zeros),
    ...copies('buffer', Object.entries(stage.buffers ?? {})),
  ])
}

export const weightsOf = (packing: Packing, state: HostArrays): Weights => packing.unpack(under('theta', state))

/** The entries `<prefix>/<name>` by name. */
export function under<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (key.startsWith(`${prefix}/`) ? [[key.slice(prefix.length + 1), value]] : [])),
  )
}
export const prefixed = <T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}/${name}`, value]))

/** The numbers of step t = 0, 1, … of `steps` that are known beforehand, by their names in scan. */
export function scalarsAt(stage: Stage, options: StepOptions, learningRate: number, t: number, steps: number): Record<string, number> {
  return {
    ...prefixed('optimiser', options.optimiser.scalars(learningRate, t + 1)),
    ...prefixed('scalar', stage.scalars?.(t, steps) ?? {}),
    ...(options.weightDecay > 0 && { shrink: learningRate * options.weightDecay }),
  }
}

/**
 * @param inputs  'x' [n, D] rows to learn from, and 'weights/…' of earlier stages that stay as they are
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
  const { optimiser } = options
  const spec: StepSpec = {
    state: specsOf(state),
    inputs: specsOf(inputs),
    scan: {
      rows: { shape: [batch], dtype: 'int32' },
      key: { shape: [], dtype: 'int32' },
      ...mapValues(scalarsAt(stage, options, 0, 0, 1), () => ({ shape: [], dtype: 'float32' }) as const),
    },
  }
  const step: StepFn = ({ state: now, inputs: fixed, scan }) => {
    const x = gather(fixed.x, scan.rows as Tensor1D) as Tensor2D
    const theta = under('theta', now)
    const names = Object.keys(theta)
    const noise = noiseOf(scan.key as Scalar)
    const context = { buffers: under('buffer', now), scalars: under('scalar', scan) }
    let terms: TensorMap = {}
    let buffers: TensorMap = {}

    const { value, grads } = valueAndGrads((...vectors: Tensor[]) => {
      const trained = packing.unpackTensors(Object.fromEntries(names.map((name, i) => [name, vectors[i]])))
      const loss = stage.loss(x, { ...under('weights', fixed), ...trained }, noise, context)
      // Kept, else they would be gone with the tape.
      terms = mapValues(loss.terms, (term) => keep(clone(term)))
      buffers = mapValues(loss.buffers ?? {}, (buffer) => keep(clone(buffer)))
      return loss.total
    })(names.map((name) => theta[name]))

    const onSphere = (name: string): boolean => stage.unitRows?.includes(name) ?? false
    const free = grads.map((g, i) => (onSphere(names[i]) ? alongSphere(g, theta[names[i]]) : g))
    const bounded = options.gradientClipValue ? clipByValue(free, options.gradientClipValue) : free
    const gradients = options.gradientClip > 0 ? clipByGlobalNorm(bounded, options.gradientClip) : bounded
    const shrinks = (name: string): boolean =>
      options.weightDecay > 0 && name !== 'packed, not decayed' && (name === 'packed' || isDecayed(stage, name, shapeOnly(theta[name])))
    const after = names.map((name, i) => {
      const kept = shrinks(name) ? sub(theta[name], mul(scan.shrink, theta[name])) : theta[name]
      const slots = Object.fromEntries(optimiser.slots.map((slot) => [slot, now[`${slot}/${name}`]]))
      const moved = optimiser.step(kept, gradients[i], slots, under('optimiser', scan))
      return [
        [`theta/${name}`, onSphere(name) ? toUnitRows(moved.theta) : moved.theta],
        ...optimiser.slots.map((slot) => [`${slot}/${name}`, moved.slots[slot]] as const),
      ] as const
    })
    return {
      state: { ...Object.fromEntries(after.flat()), ...prefixed('buffer', released(buffers)) },
      // A single term is the loss itself and is not repeated.
      out: { loss: value, ...prefixed('term', released(Object.keys(terms).length > 1 ? terms : dropped(terms))) },
    }
  }
  return { spec, step }
}

const shapeOnly = ({ shape }: Tensor): Weights[string] => ({ shape, values: new Float32Array(0) })

export const noiseOf = (key: Scalar): Noise => ({
  uniform: (site, shape) => randomUniform(key, shape, site),
  normal: (site, shape) => randomNormal(key, shape, site),
})

/** Kept tensors as ordinary ones. */
function released(kept: TensorMap): TensorMap {
  const copies = mapValues(kept, (t) => clone(t))
  dropped(kept)
  return copies
}
function dropped(kept: TensorMap): TensorMap {
  for (const tensor of Object.values(kept)) tensor.dispose()
  return {}
}

export function traceTraining(title: string, ...given: Parameters<typeof trainingStep>): Program {
  const { spec, step } = trainingStep(...given)
  return trace(title, spec, step)
}

/** The loss of blocks of held-out rows, without noise. Inputs are the weights and 'buffer/…'; scan 'x' [block, D]. */
export function traceJudging(title: string, stage: Stage, weights: HostArrays, block: number, inputDim: number): Program {
  const scalars = stage.scalars?.(0, 1) ?? {}
  const scalarSpecs: TensorSpecs = mapValues(prefixed('scalar', scalars), () => ({ shape: [], dtype: 'float32' }))
  return trace(
    title,
    { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, inputDim], dtype: 'float32' }, ...scalarSpecs } },
    ({ inputs, scan }) => ({
      state: {},
      out: {
        loss: stage.loss(scan.x as Tensor2D, inputs, null, { buffers: under('buffer', inputs), scalars: under('scalar', scan) }).total,
      },
    }),
  )
}

/**
 * Σ|h| over what each layer gives in one step, by the layer's name in order, and the loss: not finite where the layer is not.
 *
 * @param inputs  'x' [batch, D], all weights as 'weights/…', 'buffer/…'; scan 'key' and 'scalar/…'
 */
export function traceLayers(title: string, stage: Stage, inputs: HostArrays): Program {
  const scalarSpecs: TensorSpecs = mapValues(prefixed('scalar', stage.scalars?.(0, 1) ?? {}), () => ({ shape: [], dtype: 'float32' }))
  return trace(
    title,
    { state: {}, inputs: specsOf(inputs), scan: { key: { shape: [], dtype: 'int32' }, ...scalarSpecs } },
    ({ inputs: given, scan }) => {
      const now = { buffers: under('buffer', given), scalars: under('scalar', scan) }
      const { result, activations } = observe(() =>
        stage.loss(given.x as Tensor2D, under('weights', given), noiseOf(scan.key as Scalar), now),
      )
      return { state: {}, out: { ...mapValues(Object.fromEntries(activations), (h) => sum(abs(h))), loss: result.total } }
    },
  )
}
