/** Every model: 20 steps of training, compiled and eager, from the same weights, batches and noise. */
import { describe, expect, test } from 'vitest'
import { type HostArrays, mapValues } from '#engine/compute/step.ts'
import { stepKey } from '#engine/compute/random/counter.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { ModelDefinition, Stage, Weights } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, type StepOptions, trainingStep } from '#engine/train/trainingStep.ts'
import { largestDifference, numbersBetween, runBoth } from '../helpers/programs.ts'

const [n, d, batch, steps] = [200, 7, 16, 20]

/** Settings beside the presets that change what a step does. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  autoencoder: [
    ...['relu', 'leaky-relu', 'selu', 'gelu', 'sigmoid', 'tanh', 'softplus'].map((activation) => ({ activation })),
    { tied: true },
    { inputNoise: 0.2, sparsity: 0.01 },
    { decoder: [9], outputActivation: 'sigmoid' },
    // Wide enough not to be packed. With ELU one gradient happens to be as small as Adam's ε, and its rounding is a whole step.
    { encoder: [96, 80], activation: 'tanh' },
  ],
  vae: [
    { learnedSpread: false },
    { likelihood: 'laplace', encoder: [], activation: 'linear' },
    { likelihood: 'student-t', degreesOfFreedom: 2.5, learnedSpread: false },
    { freeBits: 0.3, decoder: [9, 11], activation: 'gelu' },
    { capacity: 3, beta: 100, warmup: 0.5 },
    { warmup: 0 },
  ],
  cvae: [{ prior: 'conditional', codeWidth: 0.4 }],
  hvae: [{ codeWidth: null }, { secondWidth: 0.3, between: [] }],
  'sae-topk': [
    { codeSize: 40, k: 3, deadAfter: 48 },
    { codeSize: 64, k: 4, deadAfter: 30, auxiliaryK: 5, auxiliaryWeight: 0.5 },
    { codeSize: 48, k: 3, multiTopK: true },
    { codeSize: 24, k: 12, auxiliaryWeight: 0 },
  ],
  denoising: [
    { noise: 'dropout', emphasis: 2, outputActivation: 'sigmoid' },
    { noise: 'salt-and-pepper', emphasis: 1, sparsity: 0.01 },
  ],
  stacked: [{ noise: 'gaussian' }, { noise: 'salt-and-pepper' }, { noise: 'masking', noiseLevel: 0.3, sparsity: 0.01 }],
}

const cases = models
  .flatMap((model) => [
    ...model.presets.map(({ id, params }, i) => [`${model.id}, preset ${id}`, model, inReach(params, i === 0 ? 96 : 40), 0] as const),
    ...[0, ...(model.takesConditions ? [2] : [])].flatMap((given) =>
      (variants[model.id] ?? []).map(
        (params) => [`${model.id} ${JSON.stringify(params)}${given ? `, ${given} conditions` : ''}`, model, params, given] as const,
      ),
    ),
  ])
  .filter(([, model, params, conditions]) => build(model, params, conditions).kind === 'gradient')

/** The reference works number by number, so what is wide is cut down: for the first preset of a model so that layers are still not packed. */
function inReach(params: Readonly<Record<string, unknown>>, widest: number): Readonly<Record<string, unknown>> {
  const cut = (value: unknown): unknown => (Array.isArray(value) ? value.map(cut) : Math.min(Number(value), widest))
  const wide = ['codeSize', 'encoder', 'layers'].filter((name) => name in params)
  return { ...params, ...Object.fromEntries(wide.map((name) => [name, cut(params[name])])) }
}

function build(model: ModelDefinition, params: Readonly<Record<string, unknown>>, conditions: number) {
  return model.build(model.params.parse(params), d, conditions)
}

describe('compiled training equals eager training', () => {
  test.each(cases)('%s', async (_, model, params, conditions) => {
    const built = build(model, params, conditions)
    if (built.kind !== 'gradient') throw new Error('filtered above')
    let earlier: Weights = {}
    for (const stage of built.stages) {
      const all = { ...earlier, ...stage.initialWeights(initialiserOf(3)) }
      const trained = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
      const options = { optimiser: adam, gradientClip: 1, weightDecay: 0.01 }
      const packing = packingFor(stage, trained, options)
      const state = initialState(stage, packing, trained, adam)
      const frozen = Object.entries(earlier)
        .filter(([name]) => !(name in trained))
        .map(([name, weight]) => [`weights/${name}`, weight])
      const inputs: HostArrays = { x: numbersBetween(0, 1, [n, d]), ...Object.fromEntries(frozen) }
      const { spec, step } = trainingStep(stage, packing, state, inputs, batch, options)
      const { compiled, eager } = await runBoth(spec, step, { state, inputs, scan: scanOf(stage, options) }, steps)

      const losses = eager.out.loss.values
      // Noise differs from step to step, so single losses may rise; where a price grows, the whole loss may.
      const falls = (values: ArrayLike<number>): boolean => mean(Array.from(values).slice(-5)) < mean(Array.from(values).slice(0, 5))
      expect(falls(losses) || falls(eager.out['term/reconstruction']?.values ?? [])).toBe(true)
      for (const [name, { values }] of Object.entries(eager.out)) {
        expect(largestDifference(compiled.out[name].values, values), name).toBeLessThan(1e-5)
      }
      expect(relativeDifference(compiled.out.loss.values, losses), 'loss').toBeLessThan(1e-5)
      for (const [name, { values }] of Object.entries(eager.state)) {
        if (name.startsWith('buffer/')) expect(largestDifference(compiled.state[name].values, values), name).toBeLessThan(1e-5)
        if (name.startsWith('theta/')) expect(largestDifference(compiled.state[name].values, values), name).toBeLessThan(3e-4) // a tenth of a step: Adam amplifies rounding where gradients are tiny
      }
      earlier = all
    }
  })
})

function scanOf(stage: Stage, options: StepOptions): HostArrays {
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.003, t, steps))
  const column = (name: string) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })
  return {
    rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 37) % n) },
    key: { shape: [steps], values: Int32Array.from({ length: steps }, (_, i) => stepKey(7, i)) },
    ...mapValues(scalars[0], (_, name) => column(name)),
  }
}

/** Against the size of the losses of the run, however small that is; they may cross zero. */
const relativeDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(b, (value, i) => Math.abs(a[i] - value))) / mean(Array.from(b, Math.abs))

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
