import { expect, test } from 'vitest'
import { withChoices } from '../../../../../src-renderer/features/import/choices.ts'
import { fileFacts, gridFacts } from '../../../../../src-renderer/features/import/facts.ts'
import { stretchLimits } from '../../../../../src-renderer/features/import/paintBands.ts'

const schema = {
  type: 'object',
  properties: { layer: { type: 'string', title: 'Layer' }, rows: { type: 'integer' }, mode: { enum: ['a'] } },
}

test('an option whose values the file lists becomes a choice', () => {
  const { properties } = withChoices(schema, { layers: 'X, raw/X', modes: 'a, b' }) as { properties: Record<string, { enum?: string[] }> }
  expect(properties.layer).toMatchObject({ title: 'Layer', enum: ['X', 'raw/X'] })
  expect(properties.mode?.enum).toEqual(['a'])
  expect(withChoices(schema, { layers: 'X' }).properties).toEqual(schema.properties)
})

test('a band is stretched between its percentiles, missing values left out', () => {
  const values = Float32Array.from({ length: 101 }, (_, i) => i)
  expect(stretchLimits(values)).toEqual([2, 98])
  expect(stretchLimits(Float32Array.of(5, Number.NaN, 5))).toEqual([5, 5])
  expect(stretchLimits(Float32Array.of(Number.NaN))).toEqual([0, 1])
})

test('corners and the angle of a turned grid are told with the precision of a pixel', () => {
  const crs = { code: 'EPSG:32633', name: 'UTM 33N', unit: 'metre', proj4: null }
  const facts = new Map(
    gridFacts({ width: 100, height: 50, transform: [0, -10, 500_000, 10, 0, 6_000_000], georeferenced: true, crs, geoKeys: {} }),
  )
  expect(facts.get('Pixel size')).toBe('10\u202fm')
  expect(facts.get('Upper left')).toBe('500\u202f000, 6\u202f000\u202f000')
  expect(facts.get('Turned by')).toBe('90°')
})

test('types are counted where there are several', () => {
  const column = (type: string) => ({ name: type, type, unit: null, wavelengthNm: null })
  const facts = new Map(
    fileFacts({
      grid: null,
      kind: 'table',
      columns: ['number', 'number', 'category'].map(column),
      metadataFields: [],
      nodata: [],
      details: {},
    } as never),
  )
  expect(facts.get('Of types')).toBe('2\u00a0numbers, 1\u00a0category')
})
