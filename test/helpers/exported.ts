/** Models to export: every preset of the registry, untrained but nowhere zero, for what a file computes does not depend on how good it is. */
import { rowsInMemory } from '../../src-main/engine/compute/rowReader.ts'
import type { OnnxContent } from '../../src-main/engine/export/onnx.ts'
import { initialiserOf } from '../../src-main/engine/layers/initialise.ts'
import { buildFor } from '../../src-main/engine/models/build.ts'
import type { ModelDefinition, Weights } from '../../src-main/engine/models/define.ts'
import { models } from '../../src-main/engine/models/registry.ts'
import { numbersBetween } from './programs.ts'
import { curvedRows } from './training.ts'

export const exportedColumns = 10
const d = exportedColumns

export const presets = models.flatMap((model) =>
  model.presets.map(({ id, params }) => [`${model.id}, preset ${id}`, model, params as Readonly<Record<string, unknown>>] as const),
)

/** @param conditions  how many of the columns are given and not rebuilt */
export async function someWeights(model: ModelDefinition, settings: Readonly<Record<string, unknown>>, conditions = 0): Promise<Weights> {
  const built = buildFor(model, model.params.parse(settings), d, conditions)
  if (built.kind === 'closed-form') return built.fit(rowsInMemory(curvedRows(200, d), 200, d), 1, new AbortController().signal)
  const initial = built.stages.flatMap((stage) => Object.entries(stage.initialWeights(initialiserOf(1))))
  return Object.fromEntries(
    initial.map(([name, { shape, values }]) => {
      const noise = numbersBetween(-0.1, 0.1, shape, name)
      return [name, { shape, values: values.map((value, i) => value + noise.values[i]) }]
    }),
  )
}

export const contentOf = (model: ModelDefinition, settings: Readonly<Record<string, unknown>>, weights: Weights): OnnxContent => ({
  name: 'beds',
  model,
  settings,
  weights,
  columns: Array.from({ length: d }, (_, i) => ({ name: `B${i + 1}`, type: 'number', unit: 'reflectance', wavelengthNm: null })),
  steps: [],
  takes: 'raw',
  parts: 'separate',
  origin: { seed: '7' },
})
