/** Time of a training step as the training loop runs it: rows picked from resident data, forward, backward, optimiser. */
import { compile } from '#engine/compute/compile.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { mapValues } from '#engine/compute/step.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import type { Stage } from '#engine/models/define.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, traceTraining } from '#engine/train/trainingStep.ts'

export interface TimedSteps {
  /** Resident rows, drawn from the normal distribution. */
  readonly rows: number
  readonly columns: number
  readonly batch: number
  readonly steps: number
  /** Steps before the clock starts. */
  readonly warmUp: number
  readonly threads: number
}

/** @returns milliseconds per step, Adam, without clipping or decay */
export async function stepTime(stage: Stage, { rows, columns, batch, steps, warmUp, threads }: TimedSteps): Promise<number> {
  const options = { optimiser: adam, gradientClip: 0, weightDecay: 0 }
  const weights = stage.initialWeights(initialiserOf(1))
  const packing = packingFor(stage, weights, options)
  const state = initialState(stage, packing, weights, adam)
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const inputs = { x: { shape: [rows, columns], values: Float32Array.from({ length: rows * columns }, (_, i) => draw(i)) } }
  const program = compile(traceTraining('bench', stage, packing, state, inputs, batch, options))
  const scan = (count: number) => {
    const scalars = Array.from({ length: count }, (_, t) => scalarsAt(stage, options, 0.001, t, count))
    return {
      rows: { shape: [count, batch], values: Int32Array.from({ length: count * batch }, (_, i) => (i * 7919) % rows) },
      key: { shape: [count], values: Int32Array.from({ length: count }, (_, t) => stepKey(1, t)) },
      ...mapValues(scalars[0], (_, name) => ({ shape: [count], values: Float32Array.from(scalars, (at) => at[name]) })),
    }
  }
  const worker = new NumericWorker()
  try {
    const executor = await worker.open(program, threads)
    await executor.load({ state, inputs })
    await executor.run(scan(warmUp), warmUp)
    const given = scan(steps)
    const started = performance.now()
    await executor.run(given, steps)
    return (performance.now() - started) / steps
  } finally {
    await worker.close()
  }
}
