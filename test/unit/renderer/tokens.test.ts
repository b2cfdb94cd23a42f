// @vitest-environment node
/** Every pair of tokens that text or lines are drawn with keeps its contrast (WCAG 2.2) in both themes. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { anomaly, categorical, diverging, parseHex, sequential } from '#common/domain/palettes.ts'

const css = readFileSync(fileURLToPath(new URL('../../../src-renderer/styles/tokens.css', import.meta.url)), 'utf8')

function tokens(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`)
  const block = css.slice(start, css.indexOf('\n}', start))
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9A-Fa-f]{6})/g)].map(([, name, hex]) => [name as string, hex as string]))
}
const light = tokens(':root')
const dark = { ...light, ...tokens('[data-theme="dark"]'), ...tokens('[data-theme=dark]') }

const linear = (channel: number): number => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4)
const luminance = (hex: string): number =>
  parseHex(hex).reduce((sum, channel, i) => sum + linear(channel) * [0.2126, 0.7152, 0.0722][i]!, 0)
function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

const surfaces = ['bg-0', 'bg-1', 'bg-2', 'bg-3']
const text = ['text-1', 'text-2', 'text-3', 'accent-text'].flatMap((token) => surfaces.map((surface) => [token, surface, 4.5] as const))
const onChosen = [
  ['text-1', 'select'],
  ['text-3', 'select'],
  ['accent-text', 'select'],
  ['accent-text', 'accent-soft'],
].map(([a, b]) => [a as string, b as string, 4.5] as const)
const onHover = ['text-1', 'text-2', 'text-3'].map((token) => [token, 'bg-hover', 4.5] as const)
const onFill = ['accent', 'accent-hover', 'danger-fill'].map((fill) => ['on-accent', fill, 4.5] as const)
const states = ['ok', 'warn', 'danger'].flatMap(
  (state) =>
    [
      [state, `${state}-soft`, 4.5],
      [state, 'bg-1', 4.5],
      [state, 'bg-2', 4.5],
      ['text-1', `${state}-soft`, 4.5],
    ] as const,
)
const lines = [
  ['flag', 'bg-2', 3],
  ['focus', 'bg-0', 3],
  ['focus', 'bg-1', 3],
  ['focus', 'bg-2', 3],
  ['line-ctl', 'bg-field', 3],
  ['line-ctl', 'bg-1', 3],
  ['line-ctl', 'bg-2', 3],
  ['axis', 'bg-2', 4.5],
] as const
const pairs = [...text, ...onChosen, ...onHover, ...onFill, ...states, ...lines]

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('in the %s theme', (_, theme) => {
  test.each(pairs)('%s on %s has at least %d : 1', (on, of, least) => {
    expect(contrast(theme[on]!, theme[of]!)).toBeGreaterThanOrEqual(least)
  })
})

test('the two themes differ in every surface', () => {
  for (const surface of surfaces) expect(light[surface]).not.toBe(dark[surface])
})

const lightness = (ramp: readonly string[]): number[] => ramp.map(luminance)
const rises = (values: readonly number[]): boolean => values.every((value, i) => i === 0 || value > values[i - 1]!)

test('ramps only grow lighter, and the diverging one turns in the middle', () => {
  expect(rises(lightness(sequential))).toBe(true)
  expect(rises(lightness(anomaly))).toBe(true)
  const values = lightness(diverging)
  expect(rises(values.slice(0, 6))).toBe(true)
  expect(rises(values.slice(5).toReversed())).toBe(true)
})

test('no two classes share a colour', () => {
  expect(new Set(categorical).size).toBe(categorical.length)
})
