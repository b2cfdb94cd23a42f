/** Times as CF writes them: "days since 1950-01-01", in one of several calendars, as ISO dates. */

const secondsOf: Readonly<Record<string, number>> = {
  second: 1,
  sec: 1,
  s: 1,
  minute: 60,
  min: 60,
  hour: 3600,
  hr: 3600,
  h: 3600,
  day: 86_400,
  d: 86_400,
  week: 604_800,
}
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Dates (without a time where every one is at midnight), or null when the unit or the calendar is not known.
 * Months and years as units have no fixed length and are not known either.
 */
export function datesOf(values: ArrayLike<number>, units: string, calendar: string): string[] | null {
  const [, unit = '', reference = ''] = /^\s*([a-z]+?)s?\s+since\s+(.+?)\s*$/i.exec(units) ?? []
  const seconds = secondsOf[unit.toLowerCase()]
  const [, year, month, day, hour = '0', minute = '0', second = '0'] =
    /^(-?\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d*)?)?)?/.exec(reference) ?? []
  if (!seconds || year === undefined) return null
  const origin = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    seconds: Number(hour) * 3600 + Number(minute) * 60 + Number(second),
  }
  const known = calendar.toLowerCase()
  const toDate = /^(standard|gregorian|proleptic_gregorian|)$/.test(known)
    ? gregorian
    : /^(noleap|365_day)$/.test(known)
      ? fixed(monthDays)
      : known === '360_day'
        ? fixed(new Array<number>(12).fill(30))
        : null
  if (!toDate) return null
  const dates = Array.from(values, (value) => toDate(origin, Math.round(value * seconds)))
  if (dates.some((date) => date === null)) return null
  const all = dates as string[]
  return all.every((date) => date.endsWith('T00:00:00')) ? all.map((date) => date.slice(0, -9)) : all
}

interface Origin {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly seconds: number
}

function gregorian({ year, month, day, seconds }: Origin, after: number): string | null {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const time = new Date(date.getTime() + (seconds + after) * 1000)
  return Number.isFinite(time.getTime()) && time.getUTCFullYear() >= 0 && time.getUTCFullYear() <= 9999
    ? time.toISOString().slice(0, 19)
    : null
}

/** Every year alike, with months of these lengths. */
const fixed =
  (lengths: readonly number[]) =>
  ({ year, month, day, seconds }: Origin, after: number): string | null => {
    const yearDays = lengths.reduce((a, b) => a + b)
    const before = lengths.slice(0, month - 1).reduce((a, b) => a + b, 0)
    const total = seconds + after
    const days = year * yearDays + before + day - 1 + Math.floor(total / 86_400)
    if (!Number.isSafeInteger(days) || days < 0 || days >= 10_000 * yearDays) return null
    let left = days % yearDays
    let m = 0
    while (left >= (lengths[m] as number)) left -= lengths[m++] as number
    const rest = ((total % 86_400) + 86_400) % 86_400
    const two = (value: number): string => String(value).padStart(2, '0')
    return `${String(Math.floor(days / yearDays)).padStart(4, '0')}-${two(m + 1)}-${two(left + 1)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`
  }
