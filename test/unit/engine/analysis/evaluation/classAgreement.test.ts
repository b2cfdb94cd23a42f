import { describe, expect, test } from 'vitest'
import type { Estimate } from '#common/domain/evaluation.ts'
import {
  adjustedRandIndex,
  contingency,
  hungarianAccuracy,
  normalisedMutualInformation,
  purity,
  tableOf,
} from '#engine/analysis/evaluation/agreement.ts'
import { areaAdjusted } from '#engine/analysis/evaluation/areaAdjusted.ts'
import { f1Of, judgeNames, nameClasses } from '#engine/analysis/evaluation/classAgreement.ts'
import { adjustedMutualInformation, vMeasure } from '#engine/analysis/evaluation/information.ts'
import { randomStream } from '#engine/analysis/random.ts'
import odd from '../../../../fixtures/oddTables.json' with { type: 'json' }
import reference from '../../../../fixtures/evaluation.json' with { type: 'json' }

const tableFrom = (counts: readonly (readonly number[])[]) => tableOf(Float64Array.from(counts.flat()), counts.length, counts[0].length)

describe.each(reference.classes)('classes against labels as scikit-learn has them: $what', (expected) => {
  const table = tableFrom(expected.counts)

  test('of partitions', () => {
    const { homogeneity, completeness, v } = vMeasure(table)
    expect(adjustedRandIndex(table)).toBeCloseTo(expected.ari, 9)
    expect(normalisedMutualInformation(table)).toBeCloseTo(expected.nmi, 9)
    expect(adjustedMutualInformation(table)).toBeCloseTo(expected.ami, 9)
    expect(homogeneity).toBeCloseTo(expected.homogeneity, 9)
    expect(completeness).toBeCloseTo(expected.completeness, 9)
    expect(v).toBeCloseTo(expected.v, 9)
    expect(purity(table)).toBeCloseTo(expected.purity, 12)
    expect(hungarianAccuracy(table)).toBeCloseTo(expected.accuracy, 12)
  })

  test.each(['one-to-one', 'many-to-one'] as const)('of named classes, %s', (naming) => {
    const known = expected[naming]
    const names = nameClasses(table, naming)
    const { accuracy, kappa, right, named } = judgeNames(table, names)
    expect(accuracy).toBeCloseTo(known.accuracy, 12)
    // Where two namings are right equally often, either may be found; what follows of single classes is compared for the same one.
    const same = judgeNames(table, known.names)
    expect(same.kappa).toBeCloseTo(known.kappa, 9)
    if ([...names].join() === known.names.join()) expect(kappa).toBeCloseTo(known.kappa, 9)
    for (const [j, rows] of table.truthSizes.entries()) {
      expect(rows === 0 ? 0 : same.right[j] / rows).toBeCloseTo(known.producers[j], 12)
      expect(same.named[j] === 0 ? 0 : same.right[j] / same.named[j]).toBeCloseTo(known.users[j], 12)
      expect(f1Of(same.right[j], rows, same.named[j])).toBeCloseTo(known.f1[j], 12)
    }
    expect(right.reduce((a, b) => a + b, 0)).toBeCloseTo(accuracy * table.total, 6)
    expect(named.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(table.total)
  })
})

test.each(odd.cases)('as scikit-learn at the edges: $what', ({ truth, found, ...expected }) => {
  const table = contingency(found, truth, Math.max(...found) + 1, Math.max(...truth) + 1, -1)
  const { homogeneity, completeness, v } = vMeasure(table)
  const ours = { ari: adjustedRandIndex(table), nmi: normalisedMutualInformation(table), ami: adjustedMutualInformation(table) }
  for (const [key, value] of Object.entries({ ...ours, homogeneity, completeness, v }))
    expect(value, key).toBeCloseTo(expected[key as keyof typeof ours], 12)
})

test('names that are right most often are found however many classes there are on either side', () => {
  const random = randomStream(2, 'tables')
  for (const [a, b] of [
    [4, 7],
    [7, 4],
    [6, 6],
    [1, 5],
    [5, 1],
  ] as const) {
    const counts = Array.from({ length: a }, () => Array.from({ length: b }, () => random.below(20)))
    // All ways of giving the fewer ones different partners.
    const best = (i: number, used: number): number =>
      i === a
        ? 0
        : Math.max(a > b ? best(i + 1, used) : 0, ...counts[i].map((n, j) => (used & (1 << j) ? 0 : n + best(i + 1, used | (1 << j)))))
    expect(hungarianAccuracy(tableFrom(counts)) * tableFrom(counts).total).toBeCloseTo(best(0, 0), 9)
  }
})

test('a few classes against thousands of labels are matched soon', () => {
  const wide = tableOf(
    Float64Array.from({ length: 12 * 20_000 }, (_, at) => (at * 7919) % 13),
    12,
    20_000,
  )
  const names = nameClasses(wide, 'one-to-one')
  expect(new Set(names).size).toBe(12)
  expect(judgeNames(wide, names).right.reduce((x, y) => x + y, 0)).toBe(12 * 12)
})

test('a match without a common row is no name, and an empty class has none', () => {
  // Found class 3 shares no row with the label that is left over; class 4 has no row at all.
  const table = tableFrom([
    [5, 0, 0],
    [0, 5, 0],
    [3, 0, 0],
    [0, 0, 0],
  ])
  expect([...nameClasses(table, 'one-to-one')]).toEqual([0, 1, -1, -1])
  expect([...nameClasses(table, 'many-to-one')]).toEqual([0, 1, 0, -1])
})

test('kappa is 1 where all is right and 0 where chance would do as well', () => {
  expect(judgeNames(tableFrom([[4]]), [0]).kappa).toBe(1)
  expect(judgeNames(tableFrom([[4], [4]]), [0, -1]).kappa).toBe(0)
  expect(judgeNames(tableFrom([[2, 2]]), [0]).kappa).toBe(0)
  expect(judgeNames(tableFrom([[0, 0]]), [0])).toMatchObject({ accuracy: 0, kappa: 0 })
})

describe('area-adjusted accuracy', () => {
  const { counts, mapped, ...expected } = reference.areaAdjusted
  const found = areaAdjusted(tableFrom(counts), [0, 1, 2, 3], mapped)

  test('the example of Olofsson et al. 2014, as printed there', () => {
    expect(found.accuracy.value).toBeCloseTo(expected.accuracy[0], 12)
    expect(found.accuracy.error).toBeCloseTo(expected.accuracy[1], 12)
    for (const [j, { users, producers, area }] of found.classes.entries())
      for (const [estimate, [value, error]] of [
        [users, expected.users[j]],
        [producers, expected.producers[j]],
        [area, expected.area[j]],
      ] as const) {
        expect(estimate?.value).toBeCloseTo(value, 12)
        expect(estimate?.error).toBeCloseTo(error, 12)
      }
    // Section 5 of the paper: 10 million pixels of 0.09 ha, and 1.96 standard errors.
    const [half, hectares] = [1.96, 1e7 * 0.09]
    const printed = [
      { users: [0.88, 0.07], producers: 0.75, area: [21_158, 6158] },
      { users: [0.73, 0.1], producers: 0.85, area: [11_686, 3756] },
      { users: [0.93, 0.04], producers: 0.93, area: [285_770, 15_510] },
      { users: [0.96, 0.02], producers: 0.96, area: [581_386, 16_282] },
    ]
    const close = (estimate: Estimate | null, [value, error]: readonly number[], unit: number, rounding: number): void => {
      expect(Math.abs((estimate?.value ?? Number.NaN) * unit - value)).toBeLessThanOrEqual(rounding)
      expect(Math.abs((estimate?.error ?? Number.NaN) * half * unit - error)).toBeLessThanOrEqual(rounding)
    }
    close(found.accuracy, [0.95, 0.02], 1, 0.0051)
    for (const [j, { users, producers, area }] of printed.entries()) {
      close(found.classes[j].users, users, 1, 0.0051)
      expect(found.classes[j].producers?.value).toBeCloseTo(producers, 2)
      close(found.classes[j].area, area, hectares, 2)
    }
  })

  test('classes that share a name are one class of the map', () => {
    const split = [counts[0].map((_, j) => (j === 0 ? 40 : 0)), counts[0].map((n, j) => (j === 0 ? n - 40 : n)), ...counts.slice(1)]
    const same = areaAdjusted(tableFrom(split), [0, 0, 1, 2, 3], [mapped[0] - 50, 50, ...mapped.slice(1)])
    expect(same).toEqual(found)
  })

  test('what no labelled pixel lies in is told, and one pixel alone has no error', () => {
    const { unseen, accuracy, classes } = areaAdjusted(
      tableFrom([
        [1, 0],
        [0, 8],
        [0, 0],
      ]),
      [0, 1, -1],
      [50, 30, 20],
    )
    expect(unseen).toBeCloseTo(0.2, 12)
    expect(accuracy).toEqual({ value: 1, error: null })
    expect(classes[0].mapped).toBe(0.5)
    expect(classes[1].users).toEqual({ value: 1, error: 0 })
  })
})
