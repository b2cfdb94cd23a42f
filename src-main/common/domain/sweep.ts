/**
 * A sweep ("Try a range"): one model on one matrix with several settings and seeds. Which runs it is made of follows from its
 * parameters alone, so that the window can count them before, the engine can go on with them, and both speak of the same ones.
 *
 *   grid      every combination of the values, the last parameter changing fastest
 *   random    `draws` combinations, each value drawn evenly (in logarithms where the spacing is log) from its range or list
 *   halving   the grid where it has no more than `draws` points, else random; all with few passes, then the best 1/η with η times as
 *             many, and so on: Karnin et al. 2013, Jamieson & Talwalkar 2016 (arXiv 1502.07943)
 */
import { z } from 'zod'

/** Values of a parameter: a list, or a range of numbers. */
export const SweepRange = z.union([
  z.array(z.unknown()).min(1).max(1000),
  z
    .object({
      from: z.number(),
      to: z.number(),
      /** Values of a grid, both ends among them; random draws take any in between. */
      count: z.int().min(2).max(1000).default(5),
      spacing: z.enum(['linear', 'log']).default('linear'),
    })
    .strict(),
])
export type SweepRange = z.output<typeof SweepRange>

export const sweepMethods = ['grid', 'random', 'halving'] as const
export type SweepMethod = (typeof sweepMethods)[number]

type Values = Readonly<Record<string, unknown>>

interface SweepPlan {
  readonly method: SweepMethod
  readonly ranges: Readonly<Record<string, SweepRange>>
  readonly draws: number
  /** Of the draws. */
  readonly seed: number
  readonly isInteger: (parameter: string) => boolean
}

/** What differs from setting to setting, no two alike; one empty setting where nothing is varied. */
export function settingsOf({ method, ranges, draws, seed, isInteger }: SweepPlan): Record<string, unknown>[] {
  const names = Object.keys(ranges)
  const sizes = names.map((name) => valuesOf(ranges[name], isInteger(name)).length)
  const isGrid = method === 'grid' || (method === 'halving' && sizes.reduce((product, size) => product * size, 1) <= draws)
  if (isGrid) return unlike(gridOf(names.map((name) => [name, valuesOf(ranges[name], isInteger(name))])))
  const drawn = Array.from({ length: draws }, (_, draw) =>
    Object.fromEntries(names.map((name) => [name, drawnFrom(ranges[name], uniform(seed, draw, name), isInteger(name))])),
  )
  return unlike(drawn)
}

/** How many settings a grid has, without making them. */
export const gridSize = (ranges: SweepPlan['ranges'], isInteger: SweepPlan['isInteger']): number =>
  Object.entries(ranges).reduce((product, [name, range]) => product * valuesOf(range, isInteger(name)).length, 1)

/** The values of a grid along one parameter, ascending as given. */
export function valuesOf(range: SweepRange, integer: boolean): unknown[] {
  if (Array.isArray(range)) return range
  const { from, to, count, spacing } = range
  const at = (share: number): number => between(from, to, spacing, share)
  const values = Array.from({ length: count }, (_, i) => at(i / (count - 1)))
  return [...new Set(integer ? values.map(Math.round) : values)]
}

/** Log spacing needs both ends on one side of zero. Both ends exactly; in between without the digits that rounding leaves. */
function between(from: number, to: number, spacing: 'linear' | 'log', share: number): number {
  if (share === 0) return from
  if (share === 1) return to
  const value = spacing === 'log' ? from * (to / from) ** share : from + (to - from) * share
  return Number(value.toPrecision(4))
}

function drawnFrom(range: SweepRange, share: number, integer: boolean): unknown {
  if (Array.isArray(range)) return range[Math.min(range.length - 1, Math.floor(share * range.length))]
  const value = between(range.from, range.to, range.spacing, share)
  return integer ? Math.round(value) : value
}

function gridOf(columns: readonly (readonly [string, readonly unknown[]])[]): Record<string, unknown>[] {
  return columns.reduce<Record<string, unknown>[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  )
}

function unlike(settings: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const byText = new Map(settings.map((setting) => [JSON.stringify(setting), setting]))
  return [...byText.values()]
}

/** A number in [0, 1) from seed, draw and name: more draws leave the earlier ones as they were. lowbias32 (Wellons 2018) on FNV-1a. */
function uniform(seed: number, draw: number, name: string): number {
  let hash = 0x811c9dc5
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193)
  return mix(mix(mix(seed) + draw) + hash) / 2 ** 32
}
function mix(x: number): number {
  let h = x | 0
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

export interface Rung {
  /** Share of all passes, the last is 1. */
  readonly share: number
  readonly settings: number
}

/** The rungs of successive halving: `passes` at the end, no fewer than `least` at the start, 1/η of the settings going on. */
export function rungsOf(settings: number, passes: number, least: number, eta: number): Rung[] {
  const most = Math.max(0, Math.floor(Math.log(passes / Math.max(1, least)) / Math.log(eta) + 1e-9))
  // With one setting left there is nothing to choose between.
  const needed = Math.max(0, Math.ceil(Math.log(Math.max(1, settings)) / Math.log(eta) - 1e-9))
  const rungs = Math.min(most, needed)
  return Array.from({ length: rungs + 1 }, (_, rung) => ({
    share: eta ** (rung - rungs),
    settings: Math.max(1, Math.ceil(settings / eta ** rung)),
  }))
}

export const SweepRun = z.object({
  /** Position among `settings`. */
  setting: z.int(),
  seed: z.int(),
  /** 0 everywhere but in successive halving. */
  rung: z.int(),
  /** The model artifact; null where there is none. */
  model: z.int().nullable(),
  /** Mean squared error in prepared units, on held-out rows where there are any. */
  error: z.number().nullable(),
  explainedVariance: z.number().nullable(),
  codeSize: z.int().nullable(),
  /** Numbers of the code that a row uses, where most are zero. */
  activeCodes: z.int().nullable(),
  weights: z.int().nullable(),
  epochs: z.number().nullable(),
  seconds: z.number().nullable(),
  stopped: z.enum(['finished', 'early', 'kept', 'diverged']).nullable(),
  /** Why there is no model. */
  failure: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
})
export type SweepRun = z.output<typeof SweepRun>

export const SweptParameter = z.object({
  name: z.string(),
  title: z.string(),
  unit: z.string(),
  paperTerm: z.string().nullable(),
  /** How an axis of it should be drawn; `list` where values are no numbers. */
  scale: z.enum(['linear', 'log', 'list']),
})
export type SweptParameter = z.output<typeof SweptParameter>

export const SweepMeta = z.object({
  model: z.string(),
  title: z.string(),
  preset: z.string().nullable(),
  matrix: z.int(),
  dataset: z.int(),
  method: z.enum(sweepMethods),
  /** What all runs share beside the preset. */
  settings: z.record(z.string(), z.unknown()),
  parameters: z.array(SweptParameter),
  /** What differs: one entry per setting. */
  variants: z.array(z.record(z.string(), z.unknown())),
  seeds: z.array(z.int()),
  /** Of successive halving, else one: passes at the most, and how a rung continues the one before. */
  rungs: z.array(z.object({ share: z.number(), settings: z.int(), how: z.enum(['trained', 'continued']) })),
  runs: z.array(SweepRun),
  /** How many runs there would have been at least. */
  planned: z.int(),
  /** False when the user ended it before. */
  complete: z.boolean(),
  judgedOn: z.enum(['held-out', 'training']),
  judgedRows: z.number(),
  /** PCA with as many components as the best run, on the same rows. */
  pca: z.object({ error: z.number(), explainedVariance: z.number() }).nullable(),
  /** The setting with the lowest mean error among those that came furthest. */
  best: z.int().nullable(),
})
export type SweepMeta = z.output<typeof SweepMeta>

export interface SettingSummary {
  readonly setting: number
  readonly values: Values
  /** The furthest rung it was trained in. */
  readonly rung: number
  /** Of that rung, one per seed. */
  readonly runs: readonly SweepRun[]
  /** Over the seeds that gave a model; null without any. `sd` (n − 1) is null for fewer than two. */
  readonly error: { readonly mean: number; readonly sd: number | null } | null
  readonly explainedVariance: number | null
  readonly seconds: number | null
  readonly failed: number
}

/** Every setting with its figures over the seeds: those that came furthest first, of them the lowest mean error first. */
export function summariesOf({ variants, runs }: Pick<SweepMeta, 'variants' | 'runs'>): SettingSummary[] {
  const summaries = variants.flatMap((values, setting): SettingSummary[] => {
    const own = runs.filter((run) => run.setting === setting)
    if (own.length === 0) return []
    const rung = Math.max(...own.map((run) => run.rung))
    const last = own.filter((run) => run.rung === rung)
    const numbers = (pick: (run: SweepRun) => number | null): number[] => last.flatMap((run) => pick(run) ?? [])
    const errors = numbers((run) => run.error)
    return [
      {
        setting,
        values,
        rung,
        runs: last,
        error: errors.length > 0 ? { mean: mean(errors), sd: errors.length > 1 ? deviation(errors) : null } : null,
        explainedVariance: orNull(numbers((run) => run.explainedVariance)),
        seconds: orNull(numbers((run) => run.seconds)),
        failed: last.filter((run) => run.model === null).length,
      },
    ]
  })
  // A setting of which some seeds failed comes after those that always work.
  return summaries.sort(
    (a, b) =>
      b.rung - a.rung ||
      Number(a.failed > 0) - Number(b.failed > 0) ||
      (a.error?.mean ?? Number.POSITIVE_INFINITY) - (b.error?.mean ?? Number.POSITIVE_INFINITY) ||
      a.setting - b.setting,
  )
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const orNull = (values: readonly number[]): number | null => (values.length > 0 ? mean(values) : null)
function deviation(values: readonly number[]): number {
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1))
}
