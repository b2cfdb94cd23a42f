/** The programs that a model's training and encoding run, without running them: for reading what was compiled. */
import type { Program } from '../compute/trace/trace.ts'
import { initialiserOf } from '../layers/initialise.ts'
import { buildFor } from '../models/build.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { optimiserOf } from '../optim/registry.ts'
import { blockRows, traceForward } from './encoder.ts'
import { initialState, packingFor, prefixed, traceJudging, traceTraining } from './trainingStep.ts'

/** For each stage the training step and the judging of held-out rows, then encoding. Memory: the weights. */
export function programsOf(model: ModelDefinition, params: Readonly<Record<string, unknown>>, inputDim: number, conditions = 0): Program[] {
  const settings = model.params.parse(params)
  const built = buildFor(model, settings, inputDim, conditions)
  if (built.kind === 'closed-form') return []
  const training = TrainingParams.parse(settings)
  const options = { ...training, optimiser: optimiserOf(training) }
  const programs: Program[] = []
  let earlier: Weights = {}
  for (const stage of built.stages) {
    const all = { ...earlier, ...stage.initialWeights(initialiserOf(0)) }
    const trained = Object.fromEntries(stage.trains.map((name) => [name, all[name]]))
    const frozen = Object.fromEntries(Object.entries(earlier).filter(([name]) => !(name in trained)))
    const packing = packingFor(stage, trained, options)
    const { title, batchSize } = stage.layout
    const x = { shape: [batchSize, inputDim], values: new Float32Array(0) }
    const state = initialState(stage, packing, trained, options.optimiser)
    const inputs = { x, ...prefixed('weights', frozen) }
    programs.push(
      traceTraining(`${model.id}, ${title}, training step of ${batchSize} rows`, stage, packing, state, inputs, batchSize, options),
    )
    const judged = { ...all, ...prefixed('buffer', stage.buffers ?? {}) }
    programs.push(traceJudging(`${model.id}, ${title}, judging`, stage, judged, blockRows.large, inputDim))
    earlier = all
  }
  return [...programs, traceForward(model, built, earlier, 'encode', blockRows.large, inputDim, conditions)]
}
