import { describe, expect, test } from 'vitest'
import { fieldsOf, type FormField } from '../../../../../src-renderer/features/forms/fields.ts'
import { readTried, shown, triedOf } from '../../../../../src-renderer/features/sweep/values.ts'

const fields = fieldsOf({
  properties: {
    codeSize: { type: 'integer', minimum: 1, maximum: 64, default: 4, title: 'Numbers per row' },
    learningRate: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.001, title: 'Step size' },
    layers: { type: 'array', items: { type: 'integer', minimum: 1 }, minItems: 1, default: [64, 16] },
    activation: { enum: ['elu', 'tanh'], type: 'string', default: 'elu' },
    tied: { type: 'boolean', default: false },
  },
})
const field = (name: string): FormField => fields.find((it) => it.name === name)!

describe('a parameter begins with values around what it is now', () => {
  test.each([
    ['codeSize', 4, [2, 4, 8]],
    ['codeSize', 1, [1, 2]],
    ['learningRate', 0.001, [0.00033, 0.001, 0.003]],
    [
      'layers',
      [8, 2],
      [
        [8, 2],
        [16, 4],
      ],
    ],
    ['activation', 'elu', ['elu', 'tanh']],
    ['tied', false, [false, true]],
  ])('%s, now %s', (name, now, values) => {
    expect(readTried(field(name), triedOf(field(name), now))).toEqual({ range: values, error: null })
  })
})

test('a range needs two different ends that are allowed, above zero for equal factors', () => {
  const tried = { ...triedOf(field('learningRate'), 0.001), kind: 'range' as const, from: 1e-4, to: 1e-2 }
  expect(readTried(field('learningRate'), tried).range).toEqual({ from: 1e-4, to: 1e-2, count: 5, spacing: 'log' })
  expect(readTried(field('learningRate'), { ...tried, to: 2 }).error).toMatch(/Numbers from .* to 1/)
  expect(readTried(field('learningRate'), { ...tried, to: null }).error).toBe('Both ends are needed.')
  expect(readTried(field('learningRate'), { ...tried, to: 1e-4 }).error).toBe('The ends have to differ.')
  expect(readTried(field('learningRate'), { ...tried, from: 0 }).error).toMatch(/above zero/)
})

test('what cannot be read is said', () => {
  const tried = triedOf(field('codeSize'), 4)
  expect(readTried(field('codeSize'), { ...tried, text: '2, two' }).error).toBe('Whole numbers from 1 to 64.')
  expect(readTried(field('codeSize'), { ...tried, text: '2.5' }).error).toBe('Whole numbers from 1 to 64.')
  expect(readTried(field('codeSize'), { ...tried, text: ' ' }).error).toBe('At least one value is needed.')
  expect(readTried(field('layers'), { ...triedOf(field('layers'), []), text: '64, x' }).error).toMatch(/semicolons/)
  expect(readTried(field('activation'), { ...triedOf(field('activation'), 'elu'), ticked: [] }).error).toMatch(/Tick/)
})

test('values stand in a table as short as they can', () => {
  expect(shown([64, 16], undefined)).toBe('64-16')
  expect(shown(0.0003333333, undefined)).toBe('0.0003333')
  expect(shown('elu', field('activation'))).toBe('ELU')
})
