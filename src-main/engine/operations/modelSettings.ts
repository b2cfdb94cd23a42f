/** What a model runs with: preset, what was typed, defaults, and what is chosen for the data at hand. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { type MatrixMeta, rebuiltOf } from '#common/domain/results.ts'
import type { ModelDefinition } from '../models/define.ts'
import { type DataShape, sizesFor } from '../models/sizes.ts'

/** How operations that train say which model, and with what; each has its own first choice of a model. */
export const modelChoice = (first: string) => ({
  model: z.string().default(first).meta({ title: 'Model', description: 'Which model; `stratum models` lists them.' }),
  preset: z
    .string()
    .nullable()
    .default(null)
    .meta({ title: 'Preset', description: 'A named set of settings; single settings given below take precedence.' }),
  settings: z.record(z.string(), z.unknown()).default({}).meta({ title: 'Settings', description: 'The model’s own parameters.' }),
})

/** Preset under explicit settings under nothing: what the model really runs with, defaults filled in. */
export function resolveSettings(
  model: ModelDefinition,
  preset: string | null,
  settings: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found = preset === null ? undefined : model.presets.find((p) => p.id === preset)
  if (preset !== null && found === undefined) {
    throw new StratumError(
      'PARAMETER_INVALID',
      `${model.title} has no preset “${preset}”.`,
      model.presets.length ? `Choose among: ${model.presets.map((p) => p.id).join(', ')}.` : 'Leave the preset empty.',
      { parameter: 'preset' },
    )
  }
  const parsed = model.params.strict().safeParse({ ...found?.params, ...settings })
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new StratumError(
      'PARAMETER_INVALID',
      `${model.title}: ${issue.path.join('.') || 'settings'}: ${issue.message}`,
      `Settings of this model: ${Object.keys(model.params.shape).join(', ')}.`,
      { parameter: `settings.${issue.path.join('.')}` },
    )
  }
  return parsed.data
}

/** Names of the parameters that say how many passes are made, in the order of the stages. */
export const passParameters = (model: ModelDefinition): string[] =>
  Object.keys(model.params.shape).filter((name) => /epochs$/.test(String(model.params.shape[name].meta()?.paperTerm)))

/** Fewer steps than this leave any network near where it began. */
const usualSteps = 500
/** Of the steps that a model says it needs: so long there may be no better error before it stops. */
const patientShare = 1 / 5

/**
 * Passes that nobody chose grow on small data until a stage makes enough steps: 30 passes over 250 rows would be 30 steps. With them
 * grows the patience of models that say how many steps they need, for ten passes over small data are few steps too. A number the user
 * typed is kept, and so is a patience of 0.
 */
export function withEnoughPasses(
  model: ModelDefinition,
  settings: Readonly<Record<string, unknown>>,
  typed: Readonly<Record<string, unknown>>,
  rows: number,
): Record<string, unknown> {
  const stepsPerPass = Math.ceil(rows / Number(settings.batchSize ?? rows))
  const passNames = passParameters(model)
  const { leastSteps } = model
  const least = (name: string): number => {
    if (passNames.includes(name)) return Math.ceil((leastSteps ?? usualSteps) / stepsPerPass)
    return name === 'patience' && leastSteps !== undefined ? Math.ceil((patientShare * leastSteps) / stepsPerPass) : 0
  }
  const enough = (name: string, passes: unknown): unknown =>
    typeof passes === 'number' && passes > 0 && !(name in typed) ? Math.max(passes, least(name)) : passes
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, enough(name, value)]))
}

/** What of a model's definition decides about a training beside its settings, for content keys. */
export const definitionKey = ({ version, leastSteps }: ModelDefinition): { readonly version: number; readonly leastSteps?: number } => ({
  version,
  ...(leastSteps !== undefined && { leastSteps }),
})

/** What a model is trained with on a matrix: the preset and what was typed, sizes and passes for the data where neither says them. */
export function settingsFor(
  model: ModelDefinition,
  preset: string | null,
  typed: Readonly<Record<string, unknown>>,
  matrix: Pick<MatrixMeta, 'columns' | 'conditions' | 'trainRows'>,
): Record<string, unknown> {
  const data = { columns: rebuiltOf(matrix).length, rows: matrix.trainRows }
  return withEnoughPasses(model, sizedSettings(model, preset, typed, data), typed, data.rows)
}

/** Preset and what was typed, with sizes for the data where neither says them. @throws PARAMETER_INVALID */
export function sizedSettings(
  model: ModelDefinition,
  preset: string | null,
  typed: Readonly<Record<string, unknown>>,
  data: DataShape,
): Record<string, unknown> {
  const given = { ...model.presets.find(({ id }) => id === preset)?.params, ...typed }
  return resolveSettings(model, preset, { ...sizesFor(model, given, data), ...typed })
}
