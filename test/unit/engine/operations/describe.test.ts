import { expect, test } from 'vitest'
import { z } from 'zod'
import { OperationDescription } from '#common/contract/engine/describe.ts'
import { describeOperation, describeParams } from '#engine/operations/describe.ts'
import { editDistance, nearestName } from '#engine/operations/nearest.ts'
import { models } from '#engine/models/registry.ts'
import { operations } from '#engine/operations/registry.ts'
import { numbers, slow } from '../../../helpers/testOperations.ts'

test('a declaration becomes data: inputs, and parameters as JSON Schema with our own keys', () => {
  const { inputs, params, ...rest } = describeOperation(numbers)
  expect(rest).toEqual({
    id: 'numbers',
    version: 1,
    title: 'Numbers',
    summary: 'Writes a column of numbers.',
    citation: null,
    produces: 'dataset',
  })
  expect(inputs).toEqual({})
  expect(params).toMatchObject({
    type: 'object',
    properties: {
      rows: { type: 'integer', minimum: 1, maximum: 10_000_000, default: 10, title: 'Rows', description: 'How many.' },
      factor: { type: 'number', default: 1, title: 'Factor', unit: 'm' },
      mode: { enum: ['plain', 'fancy'], default: 'plain' },
    },
  })
  // Seen from outside: what has a default need not be given.
  expect(params.required).toBeUndefined()
  expect(describeOperation(slow).inputs).toEqual({ dataset: { kinds: ['dataset'], optional: false, description: 'Numbers' } })
})

test('an optional value is always written as a choice between it and null', () => {
  const { properties } = describeParams(
    z.object({
      a: z.string().min(2).nullable().default(null).meta({ title: 'A' }),
      b: z.int().min(1).max(9).nullable(),
      c: z.string().nullable(),
    }),
  )
  expect(properties).toEqual({
    a: { anyOf: [{ type: 'string', minLength: 2 }, { type: 'null' }], default: null, title: 'A' },
    b: { anyOf: [{ type: 'integer', minimum: 1, maximum: 9 }, { type: 'null' }] },
    c: { anyOf: [{ type: 'string' }, { type: 'null' }] },
  })
})

test.each(operations.map((operation) => [operation.id, operation] as const))(
  '%s can be described, and every parameter has a title and says what it is',
  (_, operation) => expectSaid(OperationDescription.parse(describeOperation(operation)).params),
)

test.each(models.map((model) => [model.id, model] as const))('so does every setting of the model %s', (_, { params }) =>
  expectSaid(describeParams(params)),
)

function expectSaid({ properties }: Record<string, unknown>): void {
  for (const [name, { title, description }] of Object.entries(properties as Record<string, { title?: string; description?: string }>))
    expect({ name, title, description }).toEqual({ name, title: expect.stringMatching(/\S/), description: expect.stringMatching(/\.$/) })
}

test('the nearest name is found when it is near', () => {
  expect([editDistance('', 'abc'), editDistance('kitten', 'sitting')]).toEqual([3, 3])
  expect(nearestName('epoks', ['layers', 'epochs'])).toBe('epochs')
  expect(nearestName('Batchsize', ['batchSize'])).toBe('batchSize')
  expect(nearestName('zzzzzz', ['layers', 'epochs'])).toBeNull()
  expect(nearestName('x', [])).toBeNull()
})
