import { expect, test } from 'vitest'
import { categorical } from '../../../../../src-main/common/domain/palettes.ts'
import { contrast, mixOklab, readableLine } from '../../../../../src-renderer/ui/plot/colour.ts'

test('contrast is 21 between black and white and 1 between equals', () => {
  expect(contrast('#000000', '#FFFFFF')).toBeCloseTo(21, 5)
  expect(contrast('#2C71B7', '#2C71B7')).toBe(1)
})

test('mixing begins at one colour and ends at the other', () => {
  expect(mixOklab('#2c71b7', '#ffffff', 0)).toBe('#2c71b7')
  expect(mixOklab('#2c71b7', '#ffffff', 1)).toBe('#ffffff')
  // Half of the way from black to white in OKLab is the grey of lightness 0.5, which is #636363 in sRGB.
  expect(mixOklab('#000000', '#ffffff', 0.5)).toBe('#636363')
})

test('every categorical colour reads 3 : 1 as a thin line in both themes', () => {
  for (const hex of categorical) {
    expect(contrast(readableLine(hex, 'light'), '#FFFFFF')).toBeGreaterThanOrEqual(3)
    expect(contrast(readableLine(hex, 'dark'), '#1C1E21')).toBeGreaterThanOrEqual(3)
  }
})

test('a colour that reads already is not changed', () => {
  expect(readableLine('#2C71B7', 'light')).toBe('#2C71B7')
})
