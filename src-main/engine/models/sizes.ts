/**
 * Sizes that nobody chose, from the data at hand. A parameter takes part when its meta says `automatic`; what was typed or is in the
 * preset is kept, and what follows from a typed size follows from that.
 *
 *   code      Z  = ⌈√D⌉ within 2 … 32, less than D; a twentieth of the rows at most                4 for 10 columns, 15 for 200, 32 for 2000
 *   hidden    H₁ = 16 Z within 32 … 256, a quarter of the rows at most;  H₂ = √(H₁ Z)            64, 16 for 10 columns, 256, 128 for 2000
 *   layers    [H₁, H₂, Z]
 *   latents   M  = 8 D within 64 … 4096, at least 4 k, a quarter of the rows at most, 16 at least   64 for 10 columns, 4096 for 768
 *   active    k  = M / 32 within 4 … 32                                                            8 of 256, 32 of 4096
 *
 * H and M are powers of two. Why: √D is what the presets that were tuned on scenes and cells come near to, and [64, 16, 4] is the one
 * for ten bands. Wide data (2000 genes) has far fewer directions than columns, and a first layer wider than a quarter of the rows
 * learns them by heart. A dictionary needs several latents a column, and rows enough to see each of them fire.
 *
 * D columns that are rebuilt.
 */
import type { ModelDefinition } from './define.ts'

export interface DataShape {
  readonly columns: number
  /** To learn from. */
  readonly rows: number
}

const automaticRoles = ['code', 'hidden', 'layers', 'latents', 'active'] as const
type AutomaticRole = (typeof automaticRoles)[number]

const within = (low: number, high: number, value: number): number => Math.max(low, Math.min(high, value))
const powerBelow = (value: number): number => 2 ** Math.floor(Math.log2(Math.max(1, value)))
const powerNear = (value: number): number => 2 ** Math.round(Math.log2(Math.max(1, value)))

const codeFor = ({ columns, rows }: DataShape): number =>
  Math.max(1, Math.min(within(2, 32, Math.ceil(Math.sqrt(columns))), columns - 1, Math.floor(rows / 20)))

/** Layers between the columns and a code of `code` numbers, each narrower than the one before. */
function hiddenFor({ rows }: DataShape, code: number): number[] {
  const first = Math.min(powerNear(within(32, 256, 16 * code)), powerBelow(rows / 4))
  const second = powerNear(Math.sqrt(first * code))
  return [first, second].filter((units, i, all) => units > code && (i === 0 || units < all[i - 1]))
}

const latentsFor = ({ columns, rows }: DataShape, active: number | null): number => {
  const wanted = powerNear(within(64, 4096, 8 * columns))
  const enough = Math.max(wanted, powerNear(4 * (active ?? 1)))
  return Math.max(16, Math.min(enough, powerBelow(rows / 4)))
}
const activeFor = (latents: number): number => Math.min(Math.max(1, Math.floor(latents / 4)), within(4, 32, Math.round(latents / 32)))

/** The names of a model's parameters that are chosen for the data, by their role. */
export const automaticParameters = (model: ModelDefinition): Partial<Record<AutomaticRole, string>> =>
  Object.fromEntries(
    Object.keys(model.params.shape).flatMap((name) => {
      const role = model.params.shape[name].meta()?.automatic
      return typeof role === 'string' ? [[role, name]] : []
    }),
  )

/** @param given  what was typed, or is in the preset. @returns what is chosen beside it */
export function sizesFor(model: ModelDefinition, given: Readonly<Record<string, unknown>>, data: DataShape): Record<string, unknown> {
  const names = automaticParameters(model)
  const number = (role: AutomaticRole): number | null => {
    const value = names[role] === undefined ? undefined : given[names[role]]
    return typeof value === 'number' ? value : null
  }
  const code = number('code') ?? codeFor(data)
  const latents = number('latents') ?? latentsFor(data, number('active'))
  const chosen: Record<AutomaticRole, unknown> = {
    code,
    hidden: hiddenFor(data, code),
    layers: [...hiddenFor(data, code), code],
    latents,
    active: activeFor(latents),
  }
  return Object.fromEntries(
    automaticRoles.flatMap((role) => {
      const name = names[role]
      return name === undefined || name in given ? [] : [[name, chosen[role]]]
    }),
  )
}
