/** What file names say: which band, which date, which sensor. */
import { basename } from 'node:path'

export interface StackName {
  readonly path: string
  /** What sets the file apart from the others besides its date, e.g. 'B4'. */
  readonly band: string
  /** '2018-09-03', or null. */
  readonly date: string | null
  readonly wavelengthNm: number | null
}

const datePattern = /(?<!\d)((?:19|20)\d\d)[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])(?:T\d{6}Z?)?(?!\d)/g
/** Year and day of the year, as MODIS writes it: A2018246. */
const dayOfYearPattern = /(?<![A-Za-z0-9])A((?:19|20)\d\d)([0-3]\d\d)(?!\d)/

/** Bands by natural order of their names within dates, oldest first. */
export function readNames(paths: readonly string[], inGivenOrder: boolean): StackName[] {
  const stems = paths.map((path) => basename(path).replace(/\.[^.]+$/, ''))
  const dates = stems.map(dateOf)
  const tokens = stems.map((stem) =>
    stem
      .replace(dayOfYearPattern, '')
      .replace(datePattern, '')
      .split(/[_\-. ]+/)
      .filter((token) => token !== ''),
  )
  const first = tokens[0] as string[]
  const shortest = Math.min(...tokens.map((list) => list.length))
  const everywhere = (at: (list: string[]) => string | undefined): boolean => tokens.every((list) => at(list) === at(first))
  let front = 0
  while (front < shortest && everywhere((list) => list[front])) front++
  let back = 0
  while (back < shortest - front && everywhere((list) => list.at(-1 - back))) back++
  const named = paths.map((path, i): StackName => {
    const own = tokens[i] as string[]
    // One band on many dates: nothing sets it apart, so its last word names it.
    const band = own.slice(front, own.length - back).join('_') || own.at(-1) || (stems[i] as string)
    return { path, band, date: dates[i] ?? null, wavelengthNm: knownWavelengthNm(stems[i] as string, band) }
  })
  if (inGivenOrder) return named
  const compare = new Intl.Collator('en', { numeric: true }).compare
  return named.sort((a, b) => compare(a.date ?? '', b.date ?? '') || compare(a.band, b.band) || compare(a.path, b.path))
}

/** The first date is that of the scene; later ones are of processing. */
function dateOf(stem: string): string | null {
  const [found] = stem.matchAll(datePattern)
  if (found) return `${found[1]}-${found[2]}-${found[3]}`
  const counted = dayOfYearPattern.exec(stem)
  const day = Number(counted?.[2])
  if (!counted || day < 1 || day > 366) return null
  return new Date(Date.UTC(Number(counted[1]), 0, day)).toISOString().slice(0, 10)
}

/** Centre wavelengths in nm: USGS for Landsat 5, 7, 8 and 9, ESA for Sentinel-2A. */
const sensors: readonly (readonly [RegExp, Readonly<Record<string, number>>])[] = [
  [
    /^L[COT]0[89]_/,
    { B1: 443, B2: 482, B3: 561.5, B4: 654.5, B5: 865, B6: 1608.5, B7: 2200.5, B8: 589.5, B9: 1373.5, B10: 10_895, B11: 12_005 },
  ],
  [/^L[ET]0[57]_/, { B1: 485, B2: 560, B3: 660, B4: 835, B5: 1650, B7: 2220, B8: 710 }],
  [
    /^(S2[ABC]_|T\d\d[A-Z]{3}_|L[12][AC]_T\d\d[A-Z]{3}_)/,
    {
      B01: 442.7,
      B02: 492.4,
      B03: 559.8,
      B04: 664.6,
      B05: 704.1,
      B06: 740.5,
      B07: 782.8,
      B08: 832.8,
      B8A: 864.7,
      B09: 945.1,
      B10: 1373.5,
      B11: 1613.7,
      B12: 2202.4,
    },
  ],
]

function knownWavelengthNm(stem: string, band: string): number | null {
  const code = /(?:^|_)(B(?:\d{1,2}|8A))(?:_|$)/.exec(band)?.[1]
  return code === undefined ? null : (sensors.find(([pattern]) => pattern.test(stem))?.[1][code] ?? null)
}
