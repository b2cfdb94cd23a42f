/** What a sweep is asked with, and what follows from it before anything is trained. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { gridSize, settingsOf, type SweepMeta, sweepMethods, SweepRange, type SweptParameter } from '#common/domain/sweep.ts'
import type { ModelDefinition } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { describeParams } from './describe.ts'
import { modelChoice } from './modelSettings.ts'
import { unknownParameter } from './parameters.ts'

const search = 'Search'

export const sweepParams = z.object({
  ...modelChoice('autoencoder'),
  ranges: z.record(z.string(), SweepRange).default({}).meta({
    title: 'Values to try',
    description:
      'By parameter of the model a list of values, or {from, to, count, spacing: linear | log}. Empty trains one setting with every seed.',
  }),
  seeds: z.array(z.int().nonnegative()).max(100).default([]).meta({
    title: 'Seeds',
    description: 'Every setting is trained with each of them; empty is the seed of the sweep. The rows held out are the same for all.',
  }),
  method: z
    .enum(sweepMethods)
    .default('grid')
    .meta({
      title: 'Way of searching',
      paperTerm: 'grid search, random search, successive halving',
      labels: { grid: 'Every combination', random: 'Random draws', halving: 'Successive halving' },
      group: search,
      description:
        'Every combination of the values; random draws from them; or successive halving: all with few passes, then only the best with more.',
    }),
  draws: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .meta({
      title: 'Settings to draw',
      group: search,
      showWhen: { method: ['random', 'halving'] },
      description: 'How many settings are drawn. Successive halving takes every combination where there are no more than that.',
    }),
  rungFactor: z
    .int()
    .min(2)
    .max(10)
    .default(3)
    .meta({
      title: 'One in how many goes on',
      paperTerm: 'η',
      group: search,
      showWhen: { method: ['halving'] },
      description: 'After each round one in this many settings goes on, the best ones, with this many times the passes.',
    }),
  leastPasses: z
    .int()
    .min(1)
    .max(100_000)
    .default(2)
    .meta({
      title: 'Passes in the first round at least',
      unit: 'epochs',
      paperTerm: 'minimum resource r',
      group: search,
      showWhen: { method: ['halving'] },
      description: 'Fewer passes than this say too little about a setting.',
    }),
})
export type SweepParams = z.output<typeof sweepParams>

/** More runs than this are a mistake in a range. */
const mostRuns = 5000

interface Described {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Described[]
  readonly title?: string
  readonly unit?: string
  readonly paperTerm?: string
}
const describedIn = (model: ModelDefinition): Readonly<Record<string, Described>> =>
  (describeParams(model.params) as { properties?: Record<string, Described> }).properties ?? {}

const isWhole = ({ type, anyOf }: Described): boolean => [type].flat().includes('integer') || (anyOf?.some(isWhole) ?? false)

/** @throws PARAMETER_INVALID for parameters that the model has not and values that it would refuse */
export function variantsOf(model: ModelDefinition, { ranges, method, draws, seeds }: SweepParams, seed: number): Record<string, unknown>[] {
  const known = describedIn(model)
  for (const [name, range] of Object.entries(ranges)) {
    if (!Object.hasOwn(known, name)) throw unknownParameter(model.title, name, Object.keys(known))
    if (!Array.isArray(range) && range.spacing === 'log' && !(range.from * range.to > 0)) {
      const hint = 'Give ends that are both above zero, or choose linear spacing.'
      throw new StratumError('PARAMETER_INVALID', `The log-spaced range of '${name}' goes through zero.`, hint, {
        parameter: `ranges.${name}`,
      })
    }
  }
  const isInteger = (name: string): boolean => isWhole(known[name])
  const runs = (method === 'grid' ? gridSize(ranges, isInteger) : draws) * Math.max(1, seeds.length)
  if (runs > mostRuns) {
    const hint = 'Try fewer values, or random draws.'
    throw new StratumError('PARAMETER_INVALID', `This would be ${runs} runs; at most ${mostRuns} are possible.`, hint, {
      parameter: 'ranges',
    })
  }
  const variants = settingsOf({ method, ranges, draws, seed, isInteger })
  for (const [name, value] of variants.flatMap((variant) => Object.entries(variant))) checkValue(model, name, value)
  return variants
}

function checkValue(model: ModelDefinition, name: string, value: unknown): void {
  const parsed = (model.params.shape[name] as z.ZodType).safeParse(value)
  if (parsed.success) return
  throw new StratumError(
    'PARAMETER_INVALID',
    `${model.title}: ${name} cannot be ${JSON.stringify(value)}: ${parsed.error.issues[0].message}.`,
    'Choose other values to try.',
    { parameter: `ranges.${name}` },
  )
}

/** 'Autoencoder by step size', 'Autoencoder, 5 seeds'. */
export function sweepName({ model: id, ranges, seeds }: SweepParams): string {
  const model = modelById(id)
  const known = describedIn(model)
  const titles = Object.keys(ranges).map((name) =>
    (known[name]?.title ?? name).replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase()),
  )
  if (titles.length === 0) return `${model.title}, ${Math.max(1, seeds.length)} seed${seeds.length > 1 ? 's' : ''}`
  return `${model.title} by ${titles.join(' and ')}`
}

/** The parameters that differ, in the model's own words. */
export function sweptParameters(model: ModelDefinition, ranges: SweepParams['ranges'], variants: SweepMeta['variants']): SweptParameter[] {
  const known = describedIn(model)
  return Object.entries(ranges).map(([name, range]) => {
    const { title = name, unit = '', paperTerm = null } = known[name]
    return {
      name,
      title,
      unit,
      paperTerm,
      scale: scaleOf(
        Array.isArray(range) ? null : range.spacing,
        variants.map((it) => it[name]),
      ),
    }
  })
}

/** A list of numbers that reaches over more than a power of ten reads best on a log scale. */
function scaleOf(spacing: 'linear' | 'log' | null, values: readonly unknown[]): SweptParameter['scale'] {
  if (spacing !== null) return spacing
  const numbers = values.filter((value) => typeof value === 'number')
  if (numbers.length < values.length) return 'list'
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
  return low > 0 && high / low > 10 ? 'log' : 'linear'
}
