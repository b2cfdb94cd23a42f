import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  defaultsOf,
  fieldsOf,
  groupsOf,
  matters,
  parseNumbers,
  sameValue,
  thatMatter,
  written,
} from '../../../../../src-renderer/features/forms/fields.ts'

const schemaOf = (shape: z.ZodType) => z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>
const only = (shape: z.ZodType) => {
  const [field] = fieldsOf(schemaOf(z.object({ value: shape })))
  if (!field) throw new Error('no field was made')
  return field
}

describe('a field from a schema', () => {
  test('an integer keeps its bounds, unit, help, group and paper term', () => {
    const field = only(
      z
        .int()
        .min(1)
        .max(1000)
        .default(10)
        .meta({ title: 'Passes', unit: 'epochs', description: 'How often.', paperTerm: 'epochs', group: 'Training', advanced: true }),
    )
    expect(field).toMatchObject({
      kind: 'number',
      integer: true,
      min: 1,
      max: 1000,
      title: 'Passes',
      unit: 'epochs',
      help: 'How often.',
      term: 'epochs',
      group: 'Training',
      advanced: true,
      initial: 10,
      nullable: false,
    })
  })

  test('the range of safe integers is no bound', () => {
    const field = only(z.int().default(3))
    expect(field).not.toHaveProperty('min')
    expect(field).not.toHaveProperty('max')
  })

  test('a positive integer starts at one', () => {
    expect(only(z.int().positive())).toMatchObject({ min: 1 })
  })

  test('a nullable number keeps its own kind and meta and may be empty', () => {
    expect(only(z.int().min(2).max(255).nullable().default(null).meta({ title: 'Clusters, k' }))).toMatchObject({
      kind: 'number',
      nullable: true,
      min: 2,
      max: 255,
      title: 'Clusters, k',
      initial: null,
    })
  })

  test('a field that may be left out may be empty', () => {
    expect(only(z.string().optional())).toMatchObject({ kind: 'text', nullable: true })
    expect(only(z.int())).toMatchObject({ nullable: false })
  })

  test('an enum and a union of literals are choices', () => {
    expect(only(z.enum(['selu', 'z-score', 'auto']).default('selu'))).toMatchObject({
      kind: 'choice',
      options: [
        { value: 'selu', label: 'SELU' },
        { value: 'z-score', label: 'z-score' },
        { value: 'auto', label: 'Chosen for you' },
      ],
    })
    expect(only(z.union([z.literal(3), z.literal(5), z.literal(7)]).default(3))).toMatchObject({
      kind: 'choice',
      options: [{ value: 3 }, { value: 5 }, { value: 7 }],
    })
  })

  test('words of the schema name the choices', () => {
    expect(only(z.enum(['a', 'b']).meta({ labels: { a: 'First', b: 'Second' } }))).toMatchObject({
      options: [{ label: 'First' }, { label: 'Second' }],
    })
  })

  test('lists of numbers, lists of words and booleans have their kinds', () => {
    expect(only(z.array(z.int().min(1)).default([6, 4])).kind).toBe('numbers')
    expect(only(z.array(z.string()).nullable().default(null))).toMatchObject({ kind: 'words', nullable: true })
    expect(only(z.boolean().default(true)).kind).toBe('boolean')
  })

  test('what a form cannot show is left out, and a missing title is made from the name', () => {
    const fields = fieldsOf(
      schemaOf(z.object({ settings: z.record(z.string(), z.unknown()).default({}), learningRate: z.number().default(0.001) })),
    )
    expect(fields.map((field) => field.title)).toEqual(['Learning rate'])
  })

  test('defaults come from the schema', () => {
    expect(defaultsOf(schemaOf(z.object({ a: z.int().default(3), b: z.string().nullable().default(null) })))).toEqual({ a: 3, b: null })
  })

  test('fields without a group come first, the others in order of appearance', () => {
    const fields = fieldsOf(
      schemaOf(
        z.object({
          a: z.int().meta({ group: 'Layers' }),
          b: z.int(),
          c: z.int().meta({ group: 'Training' }),
          d: z.int().meta({ group: 'Layers' }),
        }),
      ),
    )
    expect(groupsOf(fields).map((group) => [group.title, group.fields.map((field) => field.name)])).toEqual([
      ['', ['b']],
      ['Layers', ['a', 'd']],
      ['Training', ['c']],
    ])
  })
})

describe('a list of numbers as text', () => {
  const field = only(z.array(z.int().min(1)).min(1).default([6, 4, 2])) as Extract<ReturnType<typeof only>, { kind: 'numbers' }>
  test('commas, spaces and hyphens separate', () => {
    expect(parseNumbers('64, 16, 4', field)).toEqual([64, 16, 4])
    expect(parseNumbers('64-16-4', field)).toEqual([64, 16, 4])
  })
  test('fractions, zeros, words and an empty list are not allowed', () => {
    for (const text of ['2.5', '0', 'six', '']) expect(parseNumbers(text, field)).toBeUndefined()
  })
})

test('a value is written as the form shows it', () => {
  expect(written([64, 16, 4], only(z.array(z.int())))).toBe('64, 16, 4')
  expect(written(null, only(z.int().nullable()))).toBe('chosen for you')
  expect(written(4096, only(z.int()))).toBe('4\u202f096')
  expect(written(true, only(z.boolean()))).toBe('yes')
  expect(written([], only(z.array(z.string())))).toBe('none')
  // An empty list may stand for something.
  const usual = only(
    z
      .array(z.string())
      .nullable()
      .meta({ labels: { '': 'as usual' } }),
  )
  expect([written([], usual), written(null, usual), written(['0'], usual)]).toEqual(['as usual', 'as usual', '0'])
})

test('lists are the same when their members are', () => {
  expect(sameValue([1, 2], [1, 2])).toBe(true)
  expect(sameValue([1, 2], [2, 1])).toBe(false)
  expect(sameValue(null, undefined)).toBe(true)
})

test('a field for some kinds of data is no question for the others, and is not sent with them', () => {
  const schema = schemaOf(
    z.object({
      genes: z
        .int()
        .nullable()
        .default(null)
        .meta({ title: 'Genes', kinds: ['cells'] }),
      share: z.number().default(0.2),
    }),
  )
  const [genes, share] = fieldsOf(schema)
  expect([matters(genes, {}, 'cells'), matters(genes, {}, 'table'), matters(share, {}, 'table')]).toEqual([true, false, true])
  expect(thatMatter(schema, { genes: 2000, share: 0.3 }, {}, 'table')).toEqual({ share: 0.3 })
  expect(thatMatter(schema, { genes: 2000 }, {}, 'cells')).toEqual({ genes: 2000 })
})
