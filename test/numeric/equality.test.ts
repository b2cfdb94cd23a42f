/** Every model: 20 steps of training, compiled and eager, from the same weights, batches and noise. */
import { describe, expect, test } from 'vitest'
import type { HostArrays } from '#engine/compute/step.ts'
import { stepKey } from '#engine/compute/random/counter.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { ModelDefinition, Weights } from '#engine/models/define.ts'
import { models } from '#engine/models/registry.ts'
import { adamScalars } from '#engine/optim/adam.ts'
import { packingOf } from '#engine/optim/packing.ts'
import { initialState, trainingStep } from '#engine/train/trainingStep.ts'
import { largestDifference, numbersBetween, runBoth } from '../helpers/programs.ts'

const [n, d, batch, steps] = [200, 7, 16, 20]

/** Settings beside the presets that change what a step does. */
const variants: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  autoencoder: [
    ...['relu', 'leaky-relu', 'selu', 'gelu', 'sigmoid', 'tanh', 'softplus'].map((activation) => ({ activation })),
    { tied: true },
    { inputNoise: 0.2, sparsity: 0.01 },
    { decoder: [9], outputActivation: 'sigmoid' },
    { encoder: [96, 80] },
  ],
  stacked: [{ noise: 'gaussian' }, { noise: 'masking', noiseLevel: 0.3, sparsity: 0.01 }],
}

const cases = models
  .flatMap((model) => [
    ...model.presets.map(({ id, params }) => [`${model.id}, preset ${id}`, model, params] as const),
    ...(variants[model.id] ?? []).map((params) => [`${model.id} ${JSON.stringify(params)}`, model, params] as const),
  ])
  .filter(([, model, params]) => build(model, params).kind === 'gradient')

function build(model: ModelDefinition, params: Readonly<Record<string, unknown>>) {
  return model.build(model.params.parse(params), d)
}

describe('compiled training equals eager training', () => {
  test.each(cases)('%s', async (_, model, params) => {
    const built = build(model, params)
    if (built.kind !== 'gradient') throw new Error('filtered above')
    let earlier: Weights = {}
    for (const stage of built.stages) {
      const all = { ...earlier, ...stage.initialWeights(initialiserOf(3)) }
      const trained = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
      const packing = packingOf(trained)
      const state = initialState(packing, trained)
      const frozen = Object.entries(earlier)
        .filter(([name]) => !(name in trained))
        .map(([name, weight]) => [`weights/${name}`, weight])
      const inputs: HostArrays = { x: numbersBetween(0, 1, [n, d]), ...Object.fromEntries(frozen) }
      const { spec, step } = trainingStep(stage, packing, state, inputs, batch, { gradientClip: 1, weightDecay: 0.01 })
      const { compiled, eager } = await runBoth(spec, step, { state, inputs, scan: scan() }, steps)

      expect(largestDifference(compiled.out.loss.values, eager.out.loss.values)).toBeLessThan(1e-5)
      expect(eager.out.loss.values[steps - 1]).toBeLessThan(eager.out.loss.values[0])
      for (const [name, { values }] of Object.entries(eager.state)) {
        if (name.startsWith('theta/')) expect(largestDifference(compiled.state[name].values, values), name).toBeLessThan(1e-4) // Adam amplifies rounding where gradients are tiny
      }
      earlier = all
    }
  })
})

function scan(): HostArrays {
  const adam = Array.from({ length: steps }, (_, i) => adamScalars(0.003, i + 1))
  const column = (values: readonly number[]) => ({ shape: [steps], values: Float32Array.from(values) })
  return {
    rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 37) % n) },
    key: { shape: [steps], values: Int32Array.from({ length: steps }, (_, i) => stepKey(7, i)) },
    stepSize: column(adam.map(({ stepSize }) => stepSize)),
    offset: column(adam.map(({ offset }) => offset)),
    shrink: column(adam.map(() => 0.003 * 0.01)),
  }
}
