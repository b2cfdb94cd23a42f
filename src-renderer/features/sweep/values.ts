/** Values to try, as they are typed: a list, or from … to. What cannot be read is said in a line. */
import type { SweepRange } from '#common/domain/sweep.ts'
import { type FormField, parseNumbers, written } from '../forms/fields.ts'

export interface Tried {
  readonly name: string
  readonly kind: 'values' | 'range'
  /** Of a list: as typed; lists of layers are separated by semicolons. */
  readonly text: string
  /** Of choices: those that are ticked. */
  readonly ticked: readonly (string | number | boolean)[]
  readonly from: number | null
  readonly to: number | null
  readonly count: number
  readonly spacing: 'linear' | 'log'
}

/** What can be varied: everything with values that can be listed. */
export const canVary = ({ kind }: FormField): boolean => kind !== 'text' && kind !== 'words'

/** A start for a parameter: around what it is now. */
export function triedOf(field: FormField, now: unknown): Tried {
  const base: Tried = { name: field.name, kind: 'values', text: '', ticked: [], from: null, to: null, count: 5, spacing: 'linear' }
  if (field.kind === 'choice') return { ...base, ticked: field.options.slice(0, 4).map(({ value }) => value) }
  if (field.kind === 'boolean') return { ...base, ticked: [false, true] }
  if (field.kind === 'numbers') {
    const list = Array.isArray(now) ? (now as number[]) : []
    return { ...base, text: list.length > 0 ? `${list.join(', ')}; ${list.map((n) => 2 * n).join(', ')}` : '' }
  }
  if (field.kind !== 'number') return base
  const value = typeof now === 'number' ? now : (field.min ?? 1)
  const within = (x: number): number => Math.max(field.min ?? Number.NEGATIVE_INFINITY, Math.min(field.max ?? Number.POSITIVE_INFINITY, x))
  const factor = field.integer ? 2 : 3
  const around = [value / factor, value, value * factor].map((x) => within(field.integer ? Math.round(x) : Number(x.toPrecision(2))))
  const different = [...new Set(around)]
  const spacing = value > 0 && !field.integer ? 'log' : 'linear'
  return { ...base, text: different.join(', '), from: different[0] ?? null, to: different.at(-1) ?? null, spacing }
}

export type Read = { readonly range: SweepRange; readonly error: null } | { readonly range: null; readonly error: string }
const wrong = (error: string): Read => ({ range: null, error })

export function readTried(field: FormField, tried: Tried): Read {
  if (field.kind === 'choice' || field.kind === 'boolean')
    return tried.ticked.length > 0 ? { range: [...tried.ticked], error: null } : wrong('Tick what shall be tried.')
  if (field.kind === 'numbers') return readLists(field, tried.text)
  if (field.kind !== 'number') return wrong('This cannot be varied.')
  const allowed = allowedIn(field)
  if (tried.kind === 'range') {
    const { from, to, count, spacing } = tried
    if (from === null || to === null) return wrong('Both ends are needed.')
    if (from === to) return wrong('The ends have to differ.')
    if (spacing === 'log' && !(from * to > 0)) return wrong('Both ends have to be above zero for equal factors.')
    return [from, to].every((value) => fits(field, value)) ? { range: { from, to, count, spacing }, error: null } : wrong(allowed)
  }
  const numbers = tried.text
    .replaceAll('−', '-')
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map(Number)
  if (numbers.length === 0) return wrong('At least one value is needed.')
  return numbers.every((value) => fits(field, value)) ? { range: [...new Set(numbers)], error: null } : wrong(allowed)
}

function readLists(field: Extract<FormField, { kind: 'numbers' }>, text: string): Read {
  const lists = text.split(';').map((part) => parseNumbers(part, field))
  if (text.trim() === '' || lists.some((list) => list === undefined || list === null))
    return wrong('Lists of numbers, separated by semicolons: 64, 16; 32, 8.')
  return { range: lists as number[][], error: null }
}

type NumberField = Extract<FormField, { kind: 'number' }>
const fits = ({ integer, min, max }: NumberField, value: number): boolean =>
  Number.isFinite(value) &&
  (!integer || Number.isInteger(value)) &&
  value >= (min ?? Number.NEGATIVE_INFINITY) &&
  value <= (max ?? Number.POSITIVE_INFINITY)
function allowedIn({ integer, min, max }: NumberField): string {
  const what = integer ? 'Whole numbers' : 'Numbers'
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}.`
  return min === undefined ? `${what}.` : `${what} of at least ${min}.`
}

/** A value of a setting as it stands in a table. */
export function shown(value: unknown, field: FormField | undefined): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join('-')
  if (typeof value === 'number') return String(Number(value.toPrecision(4))).replace('-', '−')
  return field ? written(value, field) : String(value)
}
