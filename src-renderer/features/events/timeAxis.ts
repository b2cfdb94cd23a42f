/** Times on an axis and in words: dates in UTC as the data has them, in seconds since 1970; other times are plain numbers. */
import { formatNumber, formatSeconds, formatSignificant } from '../../lib/format.ts'
import { ticks } from '../../ui/plot/scale.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour
/** Months and years are stepped by the calendar. */
const steps = [1, 5, 15, 30, minute, 5 * minute, 15 * minute, 30 * minute, hour, 3 * hour, 6 * hour, 12 * hour, day, 2 * day, 7 * day]
const monthSteps = [1, 3, 6, 12, 24, 60, 120, 240]
const monthSeconds = 30.44 * day
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (n: number): string => String(n).padStart(2, '0')

/** Round moments between two others, about `count` of them. */
export function dateTicks(from: number, to: number, count = 5): number[] {
  // A step a little shorter than that is nearer to `count` than the next one, which may be three times as long.
  const rough = (0.75 * (to - from)) / count
  const step = steps.find((s) => s >= rough)
  if (step !== undefined) {
    const first = Math.ceil(from / step) * step
    return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
  }
  const every = monthSteps.find((m) => m * monthSeconds >= rough) ?? 240
  const found: number[] = []
  const begin = new Date(from * 1000)
  for (let month = Math.ceil((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / every) * every; ; month += every) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1) / 1000
    if (at > to) return found
    if (at >= from) found.push(at)
  }
}

/** How a tick of that axis is written: as much of the date as changes along it. */
export function dateTickFormat(from: number, to: number): (value: number) => string {
  const span = to - from
  return (value) => {
    const date = new Date(value * 1000)
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
    if (span < 10 * minute) return `${clock}:${two(date.getUTCSeconds())}`
    if (span < day) return clock
    const dayOf = `${date.getUTCDate()} ${months[date.getUTCMonth()]}`
    if (span < 5 * day) return date.getUTCHours() === 0 && date.getUTCMinutes() === 0 ? dayOf : `${dayOf} ${clock}`
    if (span < 300 * day) return dayOf
    return span < 4 * 365 * day ? `${months[date.getUTCMonth()]} ${date.getUTCFullYear()}` : String(date.getUTCFullYear())
  }
}

/** '2024-05-01 12:04' with seconds where there are any. */
export function dateWords(seconds: number): string {
  const text = new Date(Math.round(seconds * 1000)).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === '00' ? 16 : 19)}`
}

interface TimeAxis {
  readonly label: string
  ticks(from: number, to: number, count?: number): number[]
  format(from: number, to: number): (value: number) => string
  words(value: number): string
}

/** @param isDate null where there are no times: windows stand in the order of their rows */
export const timeAxis = (isDate: boolean | null): TimeAxis =>
  isDate
    ? { label: 'Time, UTC', ticks: dateTicks, format: dateTickFormat, words: dateWords }
    : {
        label: isDate === null ? 'Window' : 'Time',
        ticks,
        format: () => (value) => formatNumber(value),
        words: (value) => (isDate === null ? `window ${formatNumber(value + 1)}` : formatSignificant(value, 6)),
      }

/** A time as the engine writes it, as a number on the axis; null where it is none. */
export function timeValue(text: string | null, isDate: boolean | null): number | null {
  if (text === null || isDate === null) return null
  const value = isDate ? Date.parse(`${text}Z`) / 1000 : Number(text)
  return Number.isFinite(value) ? value : null
}

/** As the engine writes it, for people. */
export const timeWords = (text: string | null, isDate: boolean | null): string => {
  const value = timeValue(text, isDate)
  return value === null ? (text ?? '') : timeAxis(isDate).words(value)
}

/** '2 h 05 min', '3 d 4 h', or a number of the data's own time. */
export function durationWords(duration: number, isDate: boolean | null): string {
  if (!isDate) return formatSignificant(duration, 4)
  if (duration < day) return formatSeconds(duration)
  const [days, hours] = [Math.floor(duration / day), Math.round((duration % day) / hour)]
  return hours === 0 || days > 30 ? `${formatNumber(days)}\u202fd` : `${formatNumber(days)}\u202fd ${hours}\u202fh`
}
