/**
 * Data palettes, the same hex in both themes, on screen and in every export (an exported map equals the screen).
 * Categorical: fixed order, class 1 is the largest; found farthest-first under normal, protan, deutan and tritan vision.
 */
import type { LegendEntry } from './artifact.ts'

export const categorical = [
  '#2C71B7',
  '#E49921',
  '#399970',
  '#B3592D',
  '#87E5E8',
  '#56A7FD',
  '#61466D',
  '#94221F',
  '#CDDC87',
  '#D490C9',
  '#9A4E8F',
  '#ACC0FE',
  '#E1B7B1',
  '#A68931',
  '#91AC90',
  '#3448A4',
  '#6F87A2',
  '#9776DB',
  '#426A5D',
  '#72CB72',
] as const
export const sequential = [
  '#440154',
  '#482475',
  '#414487',
  '#355F8D',
  '#2A788E',
  '#21918C',
  '#22A884',
  '#44BF70',
  '#7AD151',
  '#BDDF26',
  '#FDE725',
] as const
export const anomaly = [
  '#1B1026',
  '#3D1250',
  '#6A1264',
  '#961A66',
  '#BF2F5C',
  '#DD5148',
  '#F07C38',
  '#F8AC3E',
  '#F9DA72',
  '#FCFBD0',
] as const
export const diverging = [
  '#0B3C78',
  '#2F66A9',
  '#6594CB',
  '#A2C0E2',
  '#D9E4F0',
  '#F6F5F2',
  '#F3DFCB',
  '#E0B48A',
  '#BF8350',
  '#945522',
  '#5F300B',
] as const

/** Colour of class 1, 2, … ; starts again after 20 (the pattern then tells them apart, see the legend). */
export const classColour = (id: number): string => categorical[(id - 1) % categorical.length] as string

const noiseColour = '#A5A19A'

/** What a class is called and how it is coloured until someone says otherwise. */
export const defaultStyle = ({ id, isNoise }: { readonly id: number; readonly isNoise?: boolean | undefined }): LegendEntry =>
  isNoise ? { id, name: 'Noise', colour: noiseColour } : { id, name: `Class ${id}`, colour: classColour(id) }

export function parseHex(hex: string): [r: number, g: number, b: number] {
  return [Number.parseInt(hex.slice(1, 3), 16), Number.parseInt(hex.slice(3, 5), 16), Number.parseInt(hex.slice(5, 7), 16)]
}

/** A ramp at t in 0…1, linear between its stops, as 0…255 channels. Outside 0…1 is clamped. */
export function rampColour(ramp: readonly string[], t: number): [r: number, g: number, b: number] {
  const position = Math.min(1, Math.max(0, t)) * (ramp.length - 1)
  const i = Math.min(ramp.length - 2, Math.floor(position))
  const from = parseHex(ramp[i] as string)
  const to = parseHex(ramp[i + 1] as string)
  const f = position - i
  return [0, 1, 2].map((c) => Math.round((from[c] as number) * (1 - f) + (to[c] as number) * f)) as [number, number, number]
}
