import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { idleParameters, parameterLine, parametersOf, readValue, splitAssignments } from '#engine/cli/values.ts'
import { parseSize } from '#engine/cli/workspace.ts'

const parameters = parametersOf(
  z.object({
    k: z.int().min(2).max(255).nullable().default(null),
    share: z.number().default(0.2).meta({ title: 'Share', description: 'How much.', unit: '%' }),
    method: z.enum(['auto', '2']).default('auto'),
    name: z.string(),
    field: z.string().nullable(),
    layers: z.array(z.int()).default([4]),
    groups: z.array(z.array(z.int()).min(2)).meta({ title: 'Groups', description: 'Each is one class.' }),
    columns: z.array(z.string()).nullable(),
    tied: z.boolean(),
  }),
)
const read = (name: string, text: string): unknown => readValue(text, parameters[name])

describe('text becomes', () => {
  test('a number, or nothing where that is allowed', () => {
    expect([read('k', '6'), read('k', 'null'), read('share', '1e-3'), read('share', '-2')]).toEqual([6, null, 0.001, -2])
  })
  test('itself where text is wanted, whatever it looks like', () => {
    expect([read('name', '007'), read('name', 'true'), read('name', 'null'), read('method', '2'), read('field', '12')]).toEqual([
      '007',
      'true',
      'null',
      '2',
      '12',
    ])
    expect(read('field', 'null')).toBeNull()
  })
  test('lists in a list, in brackets or with semicolons', () => {
    expect([read('groups', '1,2'), read('groups', '1,2; 4,5,6'), read('groups', '[[1, 2]]')]).toEqual([
      [[1, 2]],
      [
        [1, 2],
        [4, 5, 6],
      ],
      [[1, 2]],
    ])
    expect(parameterLine('groups', parameters.groups)[1]).toBe('Groups. Each is one class. (such as 1,2;4,5)')
  })
  test('a list, in brackets or with commas', () => {
    expect([read('layers', '[64, 16]'), read('layers', '64,16'), read('layers', '8'), read('layers', '[]')]).toEqual([
      [64, 16],
      [64, 16],
      [8],
      [],
    ])
    expect([read('columns', 'a,1,b'), read('columns', 'null'), read('columns', '["a, b"]')]).toEqual([['a', '1', 'b'], null, ['a, b']])
  })
  test('true or false', () => {
    expect([read('tied', 'true'), read('tied', 'false')]).toEqual([true, false])
  })
  test('what it is when it is no YAML, for the schema to judge', () => {
    expect(read('share', '{')).toBe('{')
    expect(readValue('5', undefined)).toBe(5)
  })
})

test('key=value is split at the first equals sign', () => {
  expect(splitAssignments(['a=1', 'b=x=y', ' c =', 'd= 2'])).toEqual([
    ['a', '1'],
    ['b', 'x=y'],
    ['c', ''],
    ['d', ' 2'],
  ])
  for (const wrong of ['a', '=1']) expect(() => splitAssignments([wrong])).toThrow(expect.objectContaining({ code: 'USAGE' }))
})

test('a parameter is told with its choices or range, unit and default', () => {
  expect(parameterLine('share', parameters.share)).toEqual(['share', 'Share. How much. (%, default 0.2)'])
  expect(parameterLine('k', parameters.k)[1]).toContain('2 … 255')
  expect(parameterLine('method', parameters.method)[1]).toContain('2 | auto')
})

test('sizes are read as people write them', () => {
  expect(['4GB', '500 MB', '1.5g', '2GiB', '1000'].map((text) => parseSize(text))).toEqual([4e9, 5e8, 1.5e9, 2e9, 1000])
  for (const wrong of ['', 'much', '4 cats', '-1GB']) expect(() => parseSize(wrong)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})

test('a parameter that another one makes idle is named, with what it goes with', () => {
  const rules = parametersOf(
    z.object({
      rule: z.enum(['percentile', 'mad']).default('percentile'),
      percentile: z
        .number()
        .default(99)
        .meta({ showWhen: { rule: ['percentile'] } }),
      deviations: z
        .number()
        .default(6)
        .meta({ showWhen: { rule: ['mad'] } }),
    }),
  )
  const values = { rule: 'mad', percentile: 95, deviations: 8 }
  expect(idleParameters(rules, ['rule', 'percentile', 'deviations'], values)).toEqual([
    "'percentile' changes nothing while rule is mad. It goes with rule = percentile.",
  ])
  expect(idleParameters(rules, ['rule', 'deviations'], values)).toEqual([])
})
