/** Colour arithmetic for lines and labels: contrast after WCAG 2.2, mixing in OKLab (Ottosson 2020). */
import { parseHex } from '#common/domain/palettes.ts'

type Triple = [number, number, number]
const toLinear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
const fromLinear = (c: number): number => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)
const linear = (hex: string): Triple => parseHex(hex).map((c) => toLinear(c / 255)) as Triple

export function luminance(hex: string): number {
  const [r, g, b] = linear(hex)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** 1 … 21. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

function toOklab(hex: string): Triple {
  const [r, g, b] = linear(hex)
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function fromOklab([L, a, b]: Triple): string {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
  return `#${rgb
    .map((c) =>
      Math.round(255 * Math.min(1, Math.max(0, fromLinear(c))))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

/** `t` of the way from a to b. */
export function mixOklab(a: string, b: string, t: number): string {
  const from = toOklab(a)
  const to = toOklab(b)
  return fromOklab(from.map((v, i) => v + (to[i] - v) * t) as Triple)
}

const canvas = { light: '#FFFFFF', dark: '#1C1E21' } as const
const ink = { light: '#1C1B19', dark: '#EDECE9' } as const

/** The colour moved towards the ink until a thin line of it reads 3 : 1 on the canvas. Areas keep their exact hex. */
export function readableLine(hex: string, theme: 'light' | 'dark'): string {
  for (let t = 0; t < 1; t += 0.05) {
    const mixed = t === 0 ? hex : mixOklab(hex, ink[theme], t)
    if (contrast(mixed, canvas[theme]) >= 3) return mixed
  }
  return ink[theme]
}

/** Custom properties for a mark that is a hex in the data and must read in both themes; anything but a hex is passed through. */
export function lineColours(colour: string): string {
  if (!/^#[0-9a-fA-F]{6}$/.test(colour)) return `--c-light:${colour};--c-dark:${colour}`
  return `--c-light:${readableLine(colour, 'light')};--c-dark:${readableLine(colour, 'dark')}`
}
