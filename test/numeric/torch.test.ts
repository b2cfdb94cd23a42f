/**
 * 20 steps of training as PyTorch makes them, from the same weights, batches and noise: test/fixtures/torch/outputs.json, written by
 * test/fixtures/make/torch/train.py with the layers, distributions, optimisers and automatic gradients of PyTorch itself.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { openSegmented } from '#engine/compute/executors/segmented.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { segmented } from '#engine/compute/segments/cut.ts'
import { type HostArrays, mapValues } from '#engine/compute/step.ts'
import { cast, gather, reshape, type Tensor, type Tensor1D } from '#engine/compute/tfjs.ts'
import type { Noise, Stage, Weights } from '#engine/models/define.ts'
import { modelById } from '#engine/models/registry.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, traceTraining, under, weightsOf } from '#engine/train/trainingStep.ts'

interface Case {
  readonly model: 'autoencoder' | 'vae' | 'sae-topk'
  readonly settings: Readonly<Record<string, unknown>>
  readonly training: { readonly learningRate: number; readonly weightDecay: number; readonly gradientClip: number }
}
interface Inputs {
  readonly rows: number
  readonly columns: number
  readonly batch: number
  readonly steps: number
  readonly x: readonly number[]
  readonly batches: readonly (readonly number[])[]
  readonly noise: readonly number[]
  readonly cases: Readonly<Record<string, Case>>
  readonly weights: Readonly<Record<string, Readonly<Record<string, { shape: readonly number[]; values: readonly number[] }>>>>
}
interface Outputs {
  readonly made_with: Readonly<Record<string, string>>
  readonly inputs: string
  readonly steps: number
  readonly batch: number
  readonly columns: number
  readonly cases: Readonly<Record<string, Case & Result>>
}
interface Result {
  readonly optimiser: string
  readonly clippedSteps: number
  readonly losses: readonly number[]
  readonly terms: Readonly<Record<string, readonly number[]>>
  readonly final: Readonly<Record<string, { shape: readonly number[]; length: number; first: readonly number[] }>>
  readonly deadLatents?: readonly number[]
  readonly rowsSilent?: readonly number[]
}

const read = (name: string): string => readFileSync(new URL(`../fixtures/torch/${name}`, import.meta.url), 'utf8')
const inputs = JSON.parse(read('inputs.json')) as Inputs
const outputs = JSON.parse(read('outputs.json')) as Outputs

const names = [
  'ae',
  'ae, AdamW, clipped',
  'vae',
  'vae, fixed spread',
  'vae, Laplace',
  'vae, Student-t',
  'vae, Bernoulli, free bits',
  'vae, capacity',
  'sae-topk',
  'sae-topk, Multi-TopK, AdamW, clipped',
]

describe('what PyTorch was given', () => {
  test('is what we are given, by a version that is named', () => {
    expect(outputs.inputs).toBe(createHash('sha256').update(read('inputs.json')).digest('hex'))
    expect(outputs.made_with).toEqual({ torch: expect.stringMatching(/^\d+\.\d+/), numpy: expect.stringMatching(/^\d+\.\d+/) })
    const { steps, batch, columns } = inputs
    expect({ steps, batch, columns }).toEqual({ steps: 20, batch: 16, columns: 12 })
    expect(outputs).toMatchObject({ steps, batch, columns })
    expect(inputs.batches.map((rows) => new Set(rows).size)).toEqual(Array(20).fill(16))
  })

  test('has every case with the same settings, and each shows what it is for', () => {
    expect(Object.keys(inputs.cases)).toEqual(names)
    expect(Object.keys(outputs.cases)).toEqual(names)
    for (const name of names) {
      const { model, settings, training, optimiser, clippedSteps, losses, deadLatents } = outputs.cases[name]
      expect({ model, settings, training }, name).toEqual(inputs.cases[name])
      expect(losses, name).toHaveLength(20)
      expect(new Set(losses).size, name).toBe(20)
      expect(optimiser, name).toBe(name.includes('AdamW') ? 'AdamW' : 'Adam')
      expect(training.weightDecay > 0, name).toBe(name.includes('AdamW'))
      // Some steps are shortened and some are not.
      expect(clippedSteps > 0 && clippedSteps < 20, name).toBe(name.includes('clipped'))
      if (deadLatents) expect([deadLatents[0], Math.max(...deadLatents) > 10], name).toEqual([0, true])
    }
    expect(modelById('autoencoder').params.parse(inputs.cases.ae.settings)).toMatchObject({ encoder: [10], codeSize: 4, tied: false })
  })
})

/** Where codes are few of many a program runs in parts, else and elsewhere as one: both have to be right. */
const runs = names.flatMap((name) =>
  (name.startsWith('sae') ? (['in parts', 'one program'] as const) : (['one program'] as const)).map((form) => [name, form] as const),
)

describe('20 steps give the losses and weights of PyTorch', () => {
  test.each(runs)('%s, %s', async (name, form) => {
    const { losses, terms, final, rowsSilent } = outputs.cases[name]
    const ours = await train(inputs.cases[name], form)

    for (let t = 0; t < 20; t++) expect(Math.abs(ours.out.loss[t] / losses[t] - 1), `loss of step ${t}`).toBeLessThan(1e-5)
    // A single term is the loss and is not repeated.
    if (Object.keys(terms).length > 1) {
      expect(Object.keys(ours.out).sort()).toEqual(['loss', ...Object.keys(terms).map((term) => `term/${term}`)].sort())
      for (const [term, values] of Object.entries(terms))
        values.forEach((value, t) => {
          expect(Math.abs(ours.out[`term/${term}`][t] - value), `${term} of step ${t}`).toBeLessThan(1e-5 * Math.abs(losses[t]))
        })
    }
    expect(Object.keys(ours.weights).sort()).toEqual(Object.keys(final).sort())
    for (const [weight, { shape, length, first }] of Object.entries(final)) {
      const { shape: ourShape, values } = ours.weights[weight]
      expect(ourShape, weight).toEqual(shape)
      expect(Math.abs(Math.hypot(...values) - length), weight).toBeLessThan(weightTolerance * Math.max(1, length))
      first.forEach((value, i) => {
        expect(Math.abs(values[i] - value), `${weight}[${i}]`).toBeLessThan(weightTolerance)
      })
    }
    if (rowsSilent) expect(Array.from(ours.rowsSilent ?? [])).toEqual(rowsSilent)
  })
})

/** 1/30 of one step of size 0.003: where a gradient is nearly zero, Adam makes whole steps of its rounding. */
const weightTolerance = 1e-4

/** Compiled, with the noise of the file in the place of drawn one. */
async function train({ model, settings, training }: Case, form: (typeof runs)[number][1]) {
  const { steps, batch } = inputs
  const definition = modelById(model)
  const built = definition.build(definition.params.parse(settings), inputs.columns)
  if (built.kind !== 'gradient') throw new Error(`${model} is not trained by gradient`)
  const stage = withNoiseOfFile(built.stages[0])
  const first = inputs.weights[model]
  const trained: Weights = Object.fromEntries(
    stage.trains.map((name) => [name, { shape: first[name].shape, values: Float32Array.from(first[name].values) }]),
  )
  const options = { optimiser: adam, ...training }
  const packing = packingFor(stage, trained, options)
  const state = initialState(stage, packing, trained, adam)
  const fixed: HostArrays = {
    x: { shape: [inputs.rows, inputs.columns], values: Float32Array.from(inputs.x) },
    'weights/noise': { shape: [steps, inputs.noise.length / steps], values: Float32Array.from(inputs.noise) },
  }
  const program = traceTraining(model, stage, packing, state, fixed, batch, options)
  const threads = { threads: 1 }
  const executor = await (form === 'in parts' ? openSegmented(segmented(program), threads) : openSession(emit(program, 'loop'), threads))
  await executor.load({ state, inputs: fixed })
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, training.learningRate, t, steps))
  const scan: HostArrays = {
    rows: { shape: [steps, batch], values: Int32Array.from(inputs.batches.flat()) },
    key: { shape: [steps], values: new Int32Array(steps) },
    ...mapValues(scalars[0], (_, name) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })),
  }
  const out = mapValues(await executor.run(scan, steps), ({ values }) => values)
  const after = await executor.state()
  await executor.close()
  return { out, weights: weightsOf(packing, after), rowsSilent: under('buffer', after).rowsSilent?.values }
}

function withNoiseOfFile(stage: Stage): Stage {
  return {
    ...stage,
    scalars: (step, steps) => ({ ...stage.scalars?.(step, steps), step }),
    loss(x, weights, _, now) {
      const row = cast(reshape(now.scalars.step, [1]), 'int32') as Tensor1D
      const normal = (_site: string, shape: readonly number[]): Tensor => reshape(gather(weights.noise, row), [...shape])
      const noise: Noise = {
        normal,
        uniform() {
          throw new Error('no case draws uniform numbers')
        },
      }
      return stage.loss(x, weights, noise, now)
    },
  }
}
