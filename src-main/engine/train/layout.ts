/** What a model will look like, without training it. */
import type { ModelLayout } from '#common/domain/results.ts'
import { sizeOf } from '../compute/graph/node.ts'
import { initialiserOf } from '../layers/initialise.ts'
import { type Built, buildFor } from '../models/build.ts'
import type { Initialiser, ModelDefinition, Weights } from '../models/define.ts'

/** An initialiser that only notes shapes. */
const shapesOnly: Initialiser = {
  ...initialiserOf(0),
  glorotUniform: (_, shape) => ({ shape, values: new Float32Array(0) }),
  lecunNormal: (_, shape) => ({ shape, values: new Float32Array(0) }),
  heNormal: (_, shape) => ({ shape, values: new Float32Array(0) }),
  constant: (shape) => ({ shape, values: new Float32Array(0) }),
}
/** Names and shapes of all weights; null for closed forms, which tell only how many numbers they have. Nothing is drawn. */
export function weightShapes(built: Built): Readonly<Record<string, readonly number[]>> | null {
  if (built.kind === 'closed-form') return null
  const all = built.stages.flatMap((stage) => Object.entries(stage.initialWeights(shapesOnly)))
  return Object.fromEntries(all.map(([name, { shape }]) => [name, shape]))
}

const count = (weights: Weights): number => Object.values(weights).reduce((sum, { shape }) => sum + sizeOf(shape), 0)

/** @param inputDim  all columns of prepared rows, `conditions` of them given */
export function modelLayout(
  model: ModelDefinition,
  params: Readonly<Record<string, unknown>>,
  inputDim: number,
  conditions = 0,
): ModelLayout {
  return layoutOf(buildFor(model, model.params.parse(params), inputDim, conditions))
}

export function layoutOf(built: Built): ModelLayout {
  if (built.kind === 'closed-form') {
    const { widths, code } = built.layout
    return { stages: [built.layout], codeSize: widths[code], weights: built.weightCount }
  }
  const last = built.stages.at(-1)?.layout
  if (!last) throw new Error('a model needs at least one stage')
  const weights = built.stages.reduce((sum, stage) => sum + count(stage.initialWeights(shapesOnly)), 0)
  return {
    stages: built.stages.map(({ layout }) => layout),
    codeSize: last.widths[last.code],
    weights,
    ...(last.activeCodes !== undefined && { activeCodes: last.activeCodes }),
  }
}
