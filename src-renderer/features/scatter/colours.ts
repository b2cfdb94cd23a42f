/** Colours of points, four bytes each: by class, or along a ramp from grey (so that zero recedes) for a score, a code or a column. */
import { anomaly, classColour, parseHex, rampColour, sequential } from '#common/domain/palettes.ts'

export type ColourBy =
  | { readonly kind: 'class'; readonly labels: Uint16Array; readonly colours: ReadonlyMap<number, string> }
  | {
      readonly kind: 'value'
      readonly values: Float32Array
      readonly from: number
      readonly to: number
      readonly palette: 'anomaly' | 'sequential'
    }
  | { readonly kind: 'plain'; readonly colour: string }

/** From grey, so that what is low recedes. */
export const pointRamp = (palette: 'anomaly' | 'sequential'): readonly string[] => [
  '#B4B0A8',
  ...(palette === 'anomaly' ? anomaly.slice(0, 7) : sequential.slice(0, 9)).toReversed(),
]

/** No class, no value; and rows that a method calls noise. */
const muted = '#96928A'

export function pointColours(by: ColourBy, n: number): Uint32Array {
  const out = new Uint32Array(n)
  if (by.kind === 'plain') return out.fill(packed(parseHex(by.colour)))
  if (by.kind === 'class') {
    const table = new Uint32Array(2 ** 16)
    table[0] = packed(parseHex(muted))
    for (let i = 0; i < n; i++) {
      const label = by.labels[i]
      if (table[label] === 0) table[label] = packed(parseHex(by.colours.get(label) ?? classColour(label)))
      out[i] = table[label]
    }
    return out
  }
  const ramp = pointRamp(by.palette)
  const table = Uint32Array.from({ length: 256 }, (_, i) => packed(rampColour(ramp, i / 255)))
  const gain = 255 / (by.to - by.from || 1)
  const none = packed(parseHex(muted))
  for (let i = 0; i < n; i++) {
    const v = by.values[i]
    out[i] = Number.isNaN(v) ? none : table[Math.round(Math.min(255, Math.max(0, (v - by.from) * gain)))]
  }
  return out
}

/** As the bytes red, green, blue, 255 lie in memory; every machine the window runs on has the low byte first. */
const packed = ([red, green, blue]: readonly [number, number, number]): number => ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
