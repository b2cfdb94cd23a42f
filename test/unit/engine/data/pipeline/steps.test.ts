/** Every step of the preparation: what it learns, what it gives, and what comes back. All numbers are worked by hand. */
import { describe, expect, it } from 'vitest'
import type { Column, Finding } from '#common/domain/dataset.ts'
import { FittedStep } from '#common/domain/steps.ts'
import { categoryNumber } from '#engine/data/pipeline/categoryNumber.ts'
import { dates } from '#engine/data/pipeline/dates.ts'
import { impute } from '#engine/data/pipeline/impute.ts'
import { keepCells } from '#engine/data/pipeline/keepCells.ts'
import { librarySize, logCounts } from '#engine/data/pipeline/logCounts.ts'
import { oneHot } from '#engine/data/pipeline/oneHot.ts'
import {
  applyPipeline,
  asRead,
  clearUnusable,
  describeColumns,
  fitPipeline,
  invertPipeline,
  type StepFit,
} from '#engine/data/pipeline/pipeline.ts'
import { scaleWithin } from '#engine/data/pipeline/scaleWithin.ts'
import { select } from '#engine/data/pipeline/select.ts'

const { NaN: none } = Number
const column = (name: string, type: Column['type'] = 'number', categories?: string[]): Column => ({
  name,
  type,
  unit: null,
  wavelengthNm: null,
  ...(categories && { categories }),
})
const numbers = (...names: string[]): Column[] => names.map((name) => column(name))

/** Fits on rows, gives the step and what it makes of them; and checks that a step survives being stored. */
function prepared(wanted: StepFit[], columns: Column[], rows: number[][], groups?: { names: string[]; of: number[] }) {
  const findings: Finding[] = []
  const X = Float32Array.from(rows.flat())
  const [n, d] = [rows.length, columns.length]
  const of = groups && Int32Array.from(groups.of)
  const steps = fitPipeline(wanted, X, n, d, {
    columns: asRead(columns),
    findings,
    groups: groups && of ? { field: 'unit', names: groups.names, of } : null,
  })
  for (const step of steps) expect(FittedStep.parse(JSON.parse(JSON.stringify(step)))).toEqual(step)
  expect(Array.from(X)).toEqual(rows.flat())
  const facts = { groups: of, divisors: new Map() }
  const table = (values: Float32Array): number[][] =>
    Array.from({ length: n }, (_, i) => Array.from(values.subarray((i * values.length) / n, ((i + 1) * values.length) / n)))
  const given = applyPipeline(steps, X.slice(), n, d, facts)
  const back = invertPipeline(steps, given.slice(), n, given.length / n, facts)
  return { steps, findings, given: table(given), back: table(back), ...describeColumns(steps, columns) }
}
const close = (rows: number[][]) => rows.map((row) => row.map((value) => expect.closeTo(value, 5)))

describe('missing values', () => {
  it('become the mean, 0 or the commonest category', () => {
    const columns = [column('a'), column('kind', 'category', ['x', 'y', 'z'])]
    const rows = [
      [1, 2],
      [none, 2],
      [5, none],
      [6, 0],
    ]
    const by = (replacement: 'mean' | 'zero') => prepared([(table) => impute.fit(table, replacement)], columns, rows)
    expect(by('mean').steps).toEqual([{ id: 'impute', values: [4, 2] }])
    expect(by('zero').steps).toEqual([{ id: 'impute', values: [0, 2] }])
    expect(by('mean').findings).toMatchObject([{ code: 'MISSING_REPLACED', message: expect.stringContaining('25.00 %') }])
  })

  it('are marked in a column each, only where there are some, and the marks are not scaled', () => {
    const { steps, given, back, columns, parts } = prepared(['missing-indicator', 'impute', 'z-score'], numbers('a', 'b'), [
      [1, 1],
      [none, 3],
      [1, 1],
      [3, 3],
    ])
    expect(steps[0]).toEqual({ id: 'missing-indicator', columns: [0] })
    // Median 1 replaces; mean 1.5, deviation √0.75.
    const [low, high] = [-0.5 / Math.sqrt(0.75), 1.5 / Math.sqrt(0.75)]
    expect(given).toEqual(
      close([
        [low, -1, 0],
        [low, 1, 1],
        [low, -1, 0],
        [high, 1, 0],
      ]),
    )
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b', 'a: is missing'])
    expect(parts[2]).toEqual({ source: 0, part: 'is missing' })
    expect(back).toEqual(
      close([
        [1, 1],
        [1, 3],
        [1, 1],
        [3, 3],
      ]),
    )
  })

  it('take their row out when rows have to be complete', () => {
    const valid = Uint8Array.of(1, 1, 1)
    clearUnusable([{ id: 'complete-rows' }], Float32Array.of(1, 2, 3, none, Number.POSITIVE_INFINITY, 1), 3, 2, valid)
    expect(Array.from(valid)).toEqual([1, 0, 0])
  })
})

describe('scaling', () => {
  const rows = [[0], [1], [2], [3], [100]]

  it('by quartiles is not moved by one wild value', () => {
    // Median 2, quartiles 1 and 3.
    const { steps, given, back } = prepared(['robust'], numbers('a'), rows)
    expect(steps).toEqual([{ id: 'robust', offset: [2], scale: [2] }])
    expect(given).toEqual(close([[-1], [-0.5], [0], [0.5], [49]]))
    expect(back).toEqual(close(rows))
  })

  it('by quartiles uses the deviation where half of the values are equal', () => {
    const { steps } = prepared(['robust'], numbers('a'), [[0], [0], [0], [0], [5]])
    expect(steps).toEqual([{ id: 'robust', offset: [0], scale: [2] }])
  })

  it('by the largest value keeps 0 at 0, and centring keeps units', () => {
    expect(prepared(['max-abs'], numbers('a'), [[-4], [2]]).given).toEqual([[-1], [0.5]])
    expect(prepared(['centre'], numbers('a'), [[1], [5]]).given).toEqual([[-2], [2]])
  })

  it('of rows to length 1 gives lengths back where they are known', () => {
    const { given, back } = prepared(['unit-length'], numbers('a', 'b'), [
      [3, 4],
      [0, 0],
    ])
    expect(given).toEqual(
      close([
        [0.6, 0.8],
        [0, 0],
      ]),
    )
    expect(back).toEqual(
      close([
        [3, 4],
        [0, 0],
      ]),
    )
  })

  it('within groups makes each comparable, and falls back to all rows for others', () => {
    const { steps, given, back, findings } = prepared(
      [(table) => scaleWithin.fit(table, 'z-score')],
      numbers('a'),
      [[0], [2], [100], [104], [50], [7]],
      { names: ['p', 'q', 'lonely'], of: [0, 0, 1, 1, 2, -1] },
    )
    const step = steps[0] as Extract<FittedStep, { id: 'scale-within' }>
    expect([step.offsets[0], step.scales[0], step.offsets[1], step.scales[1]]).toEqual([[1], [1], [102], [2]])
    expect(given.slice(0, 4)).toEqual([[-1], [1], [-1], [1]])
    // All rows: mean 263/6 = 43.8333.
    expect(step.offset[0]).toBeCloseTo(263 / 6, 9)
    expect(given[4][0]).toBeCloseTo((50 - step.offset[0]) / step.scale[0], 5)
    expect(given[5][0]).toBeCloseTo((7 - step.offset[0]) / step.scale[0], 5)
    expect(back).toEqual(close([[0], [2], [100], [104], [50], [7]]))
    expect(findings).toMatchObject([{ code: 'SMALL_GROUPS', message: expect.stringContaining('lonely') }])
  })

  it('measures what is constant in a group in the spread of all rows', () => {
    const { steps } = prepared([(table) => scaleWithin.fit(table, 'min-max')], numbers('a'), [[3], [3], [5], [13]], {
      names: ['p', 'q'],
      of: [0, 0, 1, 1],
    })
    expect(steps[0]).toMatchObject({ offsets: [[3], [5]], scales: [[10], [8]] })
  })
})

describe('categories', () => {
  const kinds = [column('a'), column('kind', 'category', ['x', 'y', 'z', 'never'])]
  const rows = [
    [1, 2],
    [2, 0],
    [3, 2],
    [4, 1],
  ]

  it('become a column each of those that are there, in their order, beside scaled numbers', () => {
    const { given, back, columns, sources, parts, findings } = prepared(['min-max', 'one-hot'], kinds, rows)
    expect(columns.map(({ name }) => name)).toEqual(['a', 'kind: x', 'kind: y', 'kind: z'])
    expect(sources).toEqual(kinds)
    expect(parts.map(({ source, part }) => [source, part])).toEqual([
      [0, null],
      [1, 'x'],
      [1, 'y'],
      [1, 'z'],
    ])
    expect(given).toEqual(
      close([
        [0, 0, 0, 1],
        [1 / 3, 1, 0, 0],
        [2 / 3, 0, 0, 1],
        [1, 0, 1, 0],
      ]),
    )
    expect(back).toEqual(close(rows))
    expect(findings).toMatchObject([{ code: 'CATEGORIES_ENCODED' }])
  })

  it('that training did not see are 0 everywhere', () => {
    const { steps } = prepared(['one-hot'], kinds, rows)
    expect(Array.from(applyPipeline(steps, Float32Array.of(9, 3), 1, 2))).toEqual([9, 0, 0, 0])
  })

  it('come back as the most probable one', () => {
    const { steps } = prepared(['one-hot'], kinds, rows)
    expect(Array.from(invertPipeline(steps, Float32Array.of(7, 0.1, 0.6, 0.5), 1, 4))).toEqual([7, 1])
  })

  it('beyond the number of columns share one, which takes what training did not see', () => {
    const many = [column('kind', 'category', ['a', 'b', 'c', 'd'])]
    const { steps, given, columns } = prepared([(table) => oneHot.fit(table, 2)], many, [[1], [1], [1], [0], [2], [2]])
    // b is commonest and has a column; c, next, stands for the others on the way back.
    expect(steps).toEqual([{ id: 'one-hot', columns: [{ values: [1], other: 2 }] }])
    expect(columns.map(({ name }) => name)).toEqual(['kind: b', 'kind: other'])
    expect(given.slice(2, 4)).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect(Array.from(applyPipeline(steps, Float32Array.of(3), 1, 1))).toEqual([0, 1])
    expect(Array.from(invertPipeline(steps, Float32Array.of(0.2, 0.7), 1, 2))).toEqual([2])
  })

  it('as positions count unknown ones as the commonest; as shares as 0', () => {
    const ordinal = prepared([(table) => categoryNumber.fit(table, 'ordinal')], kinds, rows)
    expect(ordinal.given).toEqual(rows)
    expect(Array.from(applyPipeline(ordinal.steps, Float32Array.of(0, 4), 1, 2))).toEqual([0, 2])
    expect(Array.from(invertPipeline(ordinal.steps, Float32Array.of(0, 1.4), 1, 2))).toEqual([0, 1])
    const shares = prepared([(table) => categoryNumber.fit(table, 'frequency')], kinds, rows)
    expect(shares.given.map((row) => row[1])).toEqual([0.5, 0.25, 0.5, 0.25])
    expect(Array.from(applyPipeline(shares.steps, Float32Array.of(0, 4), 1, 2))).toEqual([0, 0])
    // Both rare ones share a number: the first of them comes back.
    expect(shares.back.map((row) => row[1])).toEqual([2, 0, 2, 0])
  })
})

describe('dates', () => {
  it('get month, weekday and hour on a circle, in UTC, and come back as days', () => {
    const days = Date.UTC(2024, 3, 1, 6) / 86_400_000 // a Monday in April, six in the morning
    const { given, back, columns } = prepared(
      [(table) => dates.fit(table, ['month', 'weekday', 'hour'])],
      [column('a'), column('when', 'date')],
      [[5, days]],
    )
    expect(columns.map(({ name }) => name)).toEqual([
      'a',
      'when',
      'when: month sin',
      'when: month cos',
      'when: weekday sin',
      'when: weekday cos',
      'when: hour sin',
      'when: hour cos',
    ])
    expect(given).toEqual([[5, days, 1, expect.closeTo(0, 6), 0, 1, 1, expect.closeTo(0, 6)]])
    expect(back).toEqual([[5, days]])
  })

  it('before 1970 have their weekday too', () => {
    const { given } = prepared([(table) => dates.fit(table, ['weekday'])], [column('when', 'date')], [[-3]]) // Monday, 29 December 1969
    expect(given).toEqual([[-3, 0, 1]])
  })
})

describe('counts', () => {
  it('are brought to one total, on a logarithmic scale or not, and come back', () => {
    const rows = [
      [1, 3],
      [0, 0],
      [20, 30],
    ]
    const plain = prepared([(table) => librarySize.fit(table, 100)], numbers('g', 'h'), rows)
    expect(plain.given).toEqual([
      [25, 75],
      [0, 0],
      [40, 60],
    ])
    expect(plain.back).toEqual(close(rows))
    const logs = prepared([(table) => logCounts.fit(table, 4)], numbers('g', 'h'), rows)
    expect(logs.given[0]).toEqual([expect.closeTo(Math.log(2), 6), expect.closeTo(Math.log(4), 6)])
    expect(logs.back).toEqual(close(rows))
    expect(prepared(['log1p'], numbers('g', 'h'), rows).back).toEqual(close(rows))
  })

  it('leave cells out: empty ones, doubled ones, dying ones', () => {
    const genes = asRead(numbers('MT-CO1', 'mt-nd1', 'ACTB', 'CD3E'))
    const limits = { minGenes: 2, minCounts: 5, maxCounts: 100, maxMitochondrialShare: 0.5 }
    const table = { X: new Float32Array(), n: 0, d: 4, columns: genes, groups: null, findings: [] }
    const step = keepCells.fit(table, limits) as FittedStep
    expect(step).toMatchObject({ mitochondrial: [0, 1] })
    const cells = [
      [0, 0, 9, 0], // one gene
      [0, 0, 2, 2], // four counts
      [0, 0, 99, 2], // 101 counts
      [3, 3, 4, 0], // six of ten
      [2, 3, 4, 1], // five of ten: just allowed
    ]
    const valid = new Uint8Array(5).fill(1)
    clearUnusable([step], Float32Array.from(cells.flat()), 5, 4, valid)
    expect(Array.from(valid)).toEqual([0, 0, 0, 0, 1])
  })
})

describe('columns without content', () => {
  const rows = [
    [1, 5, 1, 2, none],
    [2, 5, 2, 2, none],
    [3, 5, 3, 9, none],
  ]

  it('are left out and said: constant, empty, repeated', () => {
    const { steps, given, back, columns, sources, findings } = prepared(
      [(table) => select.fit(table, 'constant and duplicate')],
      numbers('a', 'same', 'copy', 'b', 'empty'),
      rows,
    )
    expect(steps).toEqual([{ id: 'select', of: 5, columns: [0, 3] }])
    expect(given).toEqual([
      [1, 2],
      [2, 2],
      [3, 9],
    ])
    expect(back).toEqual(given)
    expect([columns, sources]).toEqual([numbers('a', 'b'), numbers('a', 'b')])
    expect(findings).toMatchObject([
      { code: 'CONSTANT_LEFT_OUT', message: expect.stringContaining('same, empty') },
      { code: 'DUPLICATES_LEFT_OUT', message: expect.stringContaining('copy (as a)') },
    ])
  })

  it('repeated ones stay when only constant ones go', () => {
    expect(prepared([(table) => select.fit(table, 'constant')], numbers('a', 's', 'copy', 'b', 'e'), rows).steps).toEqual([
      { id: 'select', of: 5, columns: [0, 2, 3] },
    ])
  })
})

it('everything together: sources come back in their units, whatever became of them on the way', () => {
  const columns = [column('a'), column('constant'), column('when', 'date'), column('kind', 'category', ['x', 'y', 'z'])]
  const rows = [
    [1, 7, 100.5, 0],
    [none, 7, 200, 2],
    [5, 7, 300, none],
    [9, 7, 400, 2],
  ]
  const { given, back, parts, sources } = prepared(
    [
      (table) => select.fit(table, 'constant'),
      'missing-indicator',
      'impute',
      (table) => dates.fit(table, ['month']),
      'z-score',
      (table) => oneHot.fit(table, 20),
    ],
    columns,
    rows,
  )
  expect(sources.map(({ name }) => name)).toEqual(['a', 'when', 'kind'])
  expect(parts.map(({ source, part }) => `${source} ${part ?? ''}`.trim())).toEqual([
    '0',
    '1',
    '1 month sin',
    '1 month cos',
    '2 x',
    '2 z',
    '0 is missing',
    '2 is missing',
  ])
  expect(given.every((row) => row.length === 8)).toBe(true)
  expect(back).toEqual(
    close([
      [1, 100.5, 0],
      [5, 200, 2],
      [5, 300, 2],
      [9, 400, 2],
    ]),
  )
})
