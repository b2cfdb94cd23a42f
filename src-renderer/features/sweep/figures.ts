/** What is drawn of a sweep. */
import type { SettingSummary, SweptParameter } from '#common/domain/sweep.ts'
import type { FormField } from '../forms/fields.ts'
import { shown } from './values.ts'

/** A setting in a few words: its values in the order of the parameters; the whole where nothing is varied. */
export const nameOfSetting = (
  { values }: Pick<SettingSummary, 'values'>,
  parameters: readonly SweptParameter[],
  fields: readonly FormField[],
): string =>
  parameters
    .map(({ name }) =>
      shown(
        values[name],
        fields.find((field) => field.name === name),
      ),
    )
    .join(' · ') || 'All seeds'

export interface Line {
  readonly name: string
  readonly x: number[]
  readonly y: number[]
}

/**
 * Error by one parameter, one line for each combination of the others; where those are more than five (as with random draws), a single
 * one of rings. Settings that failed have no point.
 */
export function linesBy(
  parameter: SweptParameter,
  settings: readonly SettingSummary[],
  parameters: readonly SweptParameter[],
  fields: readonly FormField[],
): { readonly lines: readonly Line[]; readonly joined: boolean } {
  const others = parameters.filter(({ name }) => name !== parameter.name)
  const points = settings.flatMap((setting) => {
    const x = setting.values[parameter.name]
    return setting.error && typeof x === 'number'
      ? [{ group: others.length > 0 ? nameOfSetting(setting, others, fields) : '', x, y: setting.error.mean }]
      : []
  })
  points.sort((a, b) => a.x - b.x)
  const groups = [...new Set(points.map(({ group }) => group))]
  const lineOf = (name: string, some: typeof points): Line => ({ name, x: some.map(({ x }) => x), y: some.map(({ y }) => y) })
  if (groups.length > 5 || groups.length === points.length) return { lines: [lineOf('Error', points)], joined: others.length === 0 }
  return {
    lines: groups.map((group) =>
      lineOf(
        group || 'Error',
        points.filter((point) => point.group === group),
      ),
    ),
    joined: true,
  }
}

/** Those that no other setting beats in both time and error, the quickest first. */
export function front(settings: readonly SettingSummary[]): SettingSummary[] {
  const known = settings.filter(({ error, seconds }) => error !== null && seconds !== null)
  known.sort((a, b) => (a.seconds as number) - (b.seconds as number) || (a.error?.mean ?? 0) - (b.error?.mean ?? 0))
  let lowest = Number.POSITIVE_INFINITY
  return known.filter(({ error }) => {
    if ((error?.mean ?? Number.POSITIVE_INFINITY) >= lowest) return false
    lowest = error?.mean ?? lowest
    return true
  })
}
