/**
 * Reflectance spectra drawn from a few physical ingredients: a rising continuum and absorption features of iron
 * (480, 870 and 1000 nm), clay (2200 nm) and carbonate (2330 nm). Shapes after the usual spectral libraries; no copy of any.
 */

/** λ in nm → reflectance 0 … 1. */
export type Spectrum = (wavelengthNm: number) => number

interface Absorption {
  readonly centreNm: number
  readonly widthNm: number
  /** Share of the continuum that is missing at the centre. */
  readonly depth: number
}

const bell = (wavelengthNm: number, { centreNm, widthNm }: Absorption): number => {
  const t = (wavelengthNm - centreNm) / widthNm
  return 1 / ((1 + t * t) * (1 + t * t))
}

/** `start` at 400 nm rises towards `end`, half way after `halfNm`; features multiply. */
function mineral(start: number, end: number, halfNm: number, absorptions: readonly Absorption[]): Spectrum {
  return (wavelengthNm) => {
    const t = wavelengthNm - 400
    const continuum = start + ((end - start) * t) / (t + halfNm)
    return absorptions.reduce((value, absorption) => value * (1 - absorption.depth * bell(wavelengthNm, absorption)), continuum)
  }
}

const ferric = (depth: number): Absorption[] => [
  { centreNm: 480, widthNm: 110, depth: depth * 1.2 },
  { centreNm: 870, widthNm: 130, depth: depth * 0.8 },
]
const ferrous = (depth: number): Absorption => ({ centreNm: 1000, widthNm: 260, depth })
const clay = (depth: number): Absorption => ({ centreNm: 2200, widthNm: 60, depth })
const carbonate = (depth: number): Absorption => ({ centreNm: 2330, widthNm: 150, depth })

export interface RockUnit {
  readonly name: string
  readonly fresh: Spectrum
  /** Half-saturation of its weathering curve: small = a thin coating already hides the rock. */
  readonly saturation: number
}

/** Truth class c is rockUnits[c − 1]. */
export const rockUnits: readonly RockUnit[] = [
  { name: 'red sandstone', fresh: mineral(0.1, 0.52, 420, ferric(0.3)), saturation: 0.5 },
  { name: 'shale', fresh: mineral(0.13, 0.27, 500, [clay(0.35)]), saturation: 0.9 },
  { name: 'limestone', fresh: mineral(0.3, 0.5, 250, [carbonate(0.4)]), saturation: 0.7 },
  { name: 'basalt', fresh: mineral(0.1, 0.17, 300, [ferrous(0.25)]), saturation: 1.2 },
  { name: 'granite', fresh: mineral(0.2, 0.42, 500, [clay(0.15)]), saturation: 0.8 },
  { name: 'ironstone', fresh: mineral(0.05, 0.36, 700, ferric(0.5)), saturation: 1 },
]

/** The rind that weathering leaves on every unit. */
export const varnish: Spectrum = mineral(0.07, 0.36, 900, [...ferric(0.35), clay(0.2)])

/** Dry shrubs: chlorophyll in the visible, the red edge, water in the SWIR. */
export const vegetation: Spectrum = (wavelengthNm) => {
  const edge = wavelengthNm < 680 ? 0 : wavelengthNm > 770 ? 1 : (wavelengthNm - 680) / 90
  const green = 0.06 * bell(wavelengthNm, { centreNm: 555, widthNm: 60, depth: 1 })
  const water = wavelengthNm > 1100 ? (wavelengthNm - 1100) / 1800 : 0
  return 0.04 + green + edge * 0.4 * (1 - water * 1.2)
}

/** What the planted anomalies are made of: a copper carbonate, green with a broad band near 800 nm. */
export const copperCarbonate: Spectrum = mineral(0.25, 0.5, 200, [
  { centreNm: 800, widthNm: 330, depth: 0.75 },
  { centreNm: 2300, widthNm: 200, depth: 0.5 },
])

/** The ten bands of the default scene; other counts are spread over the same range. */
const tenBandsNm = [443, 490, 560, 665, 705, 783, 865, 1250, 1610, 2190]

export function bandsOf(count: number): { names: string[]; wavelengthsNm: number[] } {
  const [first, last] = [443, 2190]
  const spread = Array.from({ length: count }, (_, i) => Math.round(first + ((last - first) * i) / Math.max(1, count - 1)))
  const wavelengthsNm = count === tenBandsNm.length ? [...tenBandsNm] : spread
  return { wavelengthsNm, names: wavelengthsNm.map((nm, i) => `B${i + 1} ${nm} nm`) }
}
