/** Colours of points as [n × 3] bytes: by class, or along a ramp from grey (so that zero recedes) for a score or a code. */
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

const noClass: readonly [number, number, number] = [150, 146, 138]

export function pointColours(by: ColourBy, n: number): Uint8Array {
  const out = new Uint8Array(n * 3)
  if (by.kind === 'plain') {
    const rgb = parseHex(by.colour)
    for (let i = 0; i < n; i++) out.set(rgb, i * 3)
    return out
  }
  if (by.kind === 'class') {
    const table = new Map<number, readonly [number, number, number]>([[0, noClass]])
    for (let i = 0; i < n; i++) {
      const label = by.labels[i]
      let rgb = table.get(label)
      if (!rgb) {
        rgb = parseHex(by.colours.get(label) ?? classColour(label))
        table.set(label, rgb)
      }
      out.set(rgb, i * 3)
    }
    return out
  }
  const ramp =
    by.palette === 'anomaly' ? ['#B4B0A8', ...anomaly.slice(0, 7).toReversed()] : ['#B4B0A8', ...sequential.slice(0, 9).toReversed()]
  const table = Array.from({ length: 256 }, (_, i) => rampColour(ramp, i / 255))
  const gain = 255 / (by.to - by.from || 1)
  for (let i = 0; i < n; i++) {
    const v = by.values[i]
    out.set(Number.isNaN(v) ? noClass : table[Math.round(Math.min(255, Math.max(0, (v - by.from) * gain)))], i * 3)
  }
  return out
}
