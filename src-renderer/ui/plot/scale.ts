/** Scales, ticks and tick labels of the plots. A log scale is base 10 and needs a positive domain. */
import { formatSignificant } from '../../lib/format.ts'

export interface Scale {
  (value: number): number
  invert(pixel: number): number
  readonly domain: readonly [from: number, to: number]
  readonly log: boolean
}

/** A scale of zero width would divide by zero, so it is opened a little around its one value. */
function opened([from, to]: readonly [number, number], log: boolean): [number, number] {
  if (to !== from) return [from, to]
  if (log) return [from / 2, from * 2]
  return from === 0 ? [0, 1] : [from - Math.abs(from) / 2, from + Math.abs(from) / 2]
}

export function makeScale(domain: readonly [number, number], range: readonly [number, number], log = false): Scale {
  const [from, to] = opened(domain, log)
  const [start, end] = range
  const f = log ? Math.log10 : (v: number) => v
  const span = f(to) - f(from)
  const scale = (value: number): number => start + ((f(value) - f(from)) / span) * (end - start)
  const invert = (pixel: number): number => {
    const v = f(from) + ((pixel - start) / (end - start)) * span
    return log ? 10 ** v : v
  }
  return Object.assign(scale, { invert, domain: [from, to] as const, log })
}

/** 1, 2 or 5 × 10ⁿ, the nearest at or above `rough`. */
export function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const f = rough / power
  return (f <= 1.0001 ? 1 : f <= 2.0001 ? 2 : f <= 5.0001 ? 5 : 10) * power
}

/** Round values within [from, to], about `count` of them (4 to 6 on a plot). */
export function ticks(from: number, to: number, count = 5): number[] {
  if (!(to > from)) return [from]
  const step = roundStep((to - from) / count)
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const out: number[] = []
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) out.push(Number((i * step).toFixed(decimals)))
  return out
}

/** Powers of ten where the range spans three or more decades, otherwise 1, 2, 5 × 10ⁿ. */
export function logTicks(from: number, to: number, count = 6): number[] {
  if (!(from > 0) || !(to > from)) return []
  const decades = Math.log10(to / from)
  const out: number[] = []
  const first = Math.floor(Math.log10(from))
  const last = Math.ceil(Math.log10(to))
  const every = Math.max(1, Math.ceil(decades / count))
  const factors = decades >= 3 ? [1] : decades < 0.5 ? [1, 1.5, 2, 3, 4, 5, 6, 8] : [1, 2, 5]
  for (let p = first; p <= last; p++) {
    if (decades >= 3 && (p - first) % every !== 0) continue
    for (const f of factors) {
      const v = Number((f * 10 ** p).toPrecision(3))
      if (v >= from * 0.9999 && v <= to * 1.0001) out.push(v)
    }
  }
  return out
}

/** The domain widened to whole steps, so that the first and last grid lines carry labels. */
export function niceDomain(from: number, to: number, log = false, count = 5): [number, number] {
  const [a, b] = opened([from, to], log)
  if (log) {
    const round = (v: number, up: boolean): number => {
      const power = 10 ** Math.floor(Math.log10(v))
      const f = v / power
      const steps = [1, 1.5, 2, 3, 5, 7, 10]
      const chosen = up ? steps.find((s) => s >= f - 1e-9) : steps.findLast((s) => s <= f + 1e-9)
      return (chosen ?? 1) * power
    }
    return [round(a, false), round(b, true)]
  }
  const step = roundStep((b - a) / count)
  return [Math.floor(a / step + 1e-9) * step, Math.ceil(b / step - 1e-9) * step]
}

/** Smallest and largest finite value; [0, 1] when there is none. With `positive`, only values above zero count. */
export function extent(lists: Iterable<ArrayLike<number>>, positive = false): [number, number] {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const v = list[i]
      if (!Number.isFinite(v) || (positive && v <= 0)) continue
      if (v < min) min = v
      if (v > max) max = v
    }
  }
  return min <= max ? [min, max] : positive ? [0.1, 1] : [0, 1]
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'
export const superscript = (n: number): string =>
  String(n)
    .replace(/\d/g, (d) => superscripts[Number(d)])
    .replace('-', '⁻')

/** Thin spaces in the thousands of an already rounded number, a true minus sign. */
function groupDigits(text: string): string {
  const [whole, fraction] = text.replace('-', '−').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** A fixed number of decimals, so that figures below each other line up; what rounds to nothing has no sign. */
export const formatFixed = (value: number, decimals: number): string => groupDigits(value.toFixed(decimals).replace(/^-(?=[0.]*$)/, ''))

/** One format for all ticks of an axis: the decimals of the finest one. */
export function tickFormat(values: readonly number[], log = false): (value: number) => string {
  if (log) return (v) => (v >= 1e-3 && v < 1e5 ? groupDigits(String(Number(v.toPrecision(3)))) : powerOfTen(v))
  const finest = Math.max(0, ...values.map((v) => (String(Number(v.toPrecision(12))).split('.')[1] ?? '').length))
  const large = Math.max(...values.map(Math.abs))
  if (large >= 1e7 || (large > 0 && large < 1e-4)) return (v) => formatSignificant(v, 2)
  return (v) => groupDigits(v.toFixed(Math.min(finest, 8)))
}

function powerOfTen(value: number): string {
  const power = Math.floor(Math.log10(value) + 1e-9)
  const mantissa = Number((value / 10 ** power).toPrecision(2))
  return mantissa === 1 ? `10${superscript(power)}` : `${mantissa} × 10${superscript(power)}`
}

/**
 * As much of each name as there is room for, three signs at least. Where they do not all fit, words that all begin with are left out
 * (dimension 1, dimension 2 → 1, 2; load[-5], load[-4] → -5, -4); then they are cut at the end, or in the middle where they would be the same.
 */
export function fitting(whole: readonly string[], room: number, signWidth: number): string[] {
  const most = Math.max(3, Math.floor(room / signWidth))
  const names = whole.some((name) => name.length > most) ? withoutCommonWords(whole) : whole
  const tail = Math.ceil((most - 1) / 2)
  const cut = (name: string, atEnd: boolean): string => {
    if (name.length <= most) return name
    return atEnd ? `${name.slice(0, most - 1).trimEnd()}…` : `${name.slice(0, most - 1 - tail)}…${name.slice(-tail)}`
  }
  const short = names.map((name) => cut(name, true))
  return new Set(short).size === new Set(names).size ? short : names.map((name) => cut(name, false))
}

function withoutCommonWords(names: readonly string[]): readonly string[] {
  const [first = ''] = names
  let same = 0
  while (names.length > 1 && same < first.length && names.every((name) => name[same] === first[same])) same++
  const begin = Math.max(...[' ', '['].map((mark) => first.slice(0, same).lastIndexOf(mark))) + 1
  const isBracketed = first[begin - 1] === '[' && names.every((name) => name.endsWith(']'))
  const end = isBracketed ? -1 : undefined
  return names.every((name) => name.length > begin) ? names.map((name) => name.slice(begin, end)) : names
}
