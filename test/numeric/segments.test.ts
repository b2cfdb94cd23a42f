/** Steps of dense models with many weights run in parts: the same bits as in one program, on any number of threads. */
import { describe, expect, test } from 'vitest'
import { compile } from '#engine/compute/compile.ts'
import { emit } from '#engine/compute/emit/emit.ts'
import { openSegmented } from '#engine/compute/executors/segmented.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { segmented } from '#engine/compute/segments/cut.ts'
import { copyOf, type Executor, type HostArrays, mapValues } from '#engine/compute/step.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { optimisers } from '#engine/optim/registry.ts'
import type { Optimiser } from '#engine/optim/define.ts'
import { initialState, packingFor, scalarsAt, traceTraining } from '#engine/train/trainingStep.ts'
import { numbersBetween } from '../helpers/programs.ts'

const [d, batch, n, steps] = [300, 32, 100, 6]

function training(width: number, optimiser: Optimiser, gradientClip = 0, weightDecay = 0) {
  const model = modelById('autoencoder')
  const built = model.build(model.params.parse({ encoder: [width], codeSize: 8 }), d)
  if (built.kind !== 'gradient') throw new Error('an autoencoder is trained by gradient')
  const [stage] = built.stages
  const options = { optimiser, gradientClip, weightDecay }
  const weights = stage.initialWeights(initialiserOf(1))
  const packing = packingFor(stage, weights, options)
  const state = initialState(stage, packing, weights, optimiser)
  const inputs: HostArrays = { x: numbersBetween(-1, 1, [n, d]) }
  const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.003, t, steps))
  const scan: HostArrays = {
    rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 37) % n) },
    key: { shape: [steps], values: new Int32Array(steps) },
    ...mapValues(scalars[0], (_, name) => ({ shape: [steps], values: Float32Array.from(scalars, (at) => at[name]) })),
  }
  const run = async (opening: Promise<Executor>) => {
    const executor = await opening
    await executor.load({ state: copyOf(state), inputs })
    const out = await executor.run(copyOf(scan), steps)
    const after = await executor.state()
    await executor.close()
    return { out, after }
  }
  return { program: traceTraining('parts', stage, packing, state, inputs, batch, options), run }
}

describe('a step in parts', () => {
  test('is chosen where many weights are trained', () => {
    expect(compile(training(400, optimisers.adam).program).mode).toBe('segmented')
    expect(compile(training(40, optimisers.adam).program).mode).toBe('loop')
  })

  test.each(Object.values(optimisers))('gives the bits of one program with $id', async (optimiser) => {
    const { program, run } = training(400, optimiser, 1, 0.01)
    const parts = segmented(program)
    expect(parts.parts.filter(({ kind }) => kind === 'rows')).toHaveLength(2)
    const [loop, inParts] = [await run(openSession(emit(program, 'loop'), { threads: 1 })), await run(openSegmented(parts, { threads: 1 }))]
    expect(inParts.out).toEqual(loop.out)
    expect(inParts.after).toEqual(loop.after)
  })

  test('gives the same bits on one, two and three threads', async () => {
    const { program, run } = training(400, optimisers.adam)
    const [one, ...more] = [1, 2, 3].map((threads) => run(openSegmented(segmented(program), { threads })))
    for (const other of more) expect(await other).toEqual(await one)
  })
})
