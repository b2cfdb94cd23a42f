import { describe, expect, test } from 'vitest'
import { adjustedRandIndex, purity, tableOf } from '#engine/analysis/evaluation/agreement.ts'
import { binomial, redraw } from '#engine/analysis/evaluation/bootstrap/binomial.ts'
import { classIntervals, replicatesFor } from '#engine/analysis/evaluation/bootstrap/classes.ts'
import { scoreIntervals } from '#engine/analysis/evaluation/bootstrap/scores.ts'
import { nameClasses } from '#engine/analysis/evaluation/classAgreement.ts'
import { vMeasure } from '#engine/analysis/evaluation/information.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { rankScores } from '#engine/analysis/evaluation/ranking.ts'
import { areaError, areaUnderRoc } from '#engine/analysis/evaluation/roc.ts'
import reference from '../../../../../fixtures/evaluation.json' with { type: 'json' }

describe('random counts', () => {
  test.each([
    [1, 0.3],
    [20, 0.05],
    [40, 0.5],
    [1000, 0.3],
    [100_000, 0.97],
    [5_000_000, 1e-6],
  ])('have the mean and the variance of n = %d, p = %d', (n, p) => {
    const random = randomStream(3, `${n} ${p}`)
    const draws = Float64Array.from({ length: 20_000 }, () => binomial(n, p, random))
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length
    const variance = draws.reduce((sum, k) => sum + (k - mean) ** 2, 0) / draws.length
    const expected = n * p * (1 - p)
    // Five standard errors of a mean of 20 000; of the variance about as many.
    expect(Math.abs(mean - n * p)).toBeLessThan(5 * Math.sqrt(expected / draws.length))
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.08)
    expect(draws.every((k) => Number.isInteger(k) && k >= 0 && k <= n)).toBe(true)
  })

  test('follow the binomial distribution bin by bin where they are drawn by rejection', () => {
    const [n, p] = [60, 0.4]
    const random = randomStream(8, 'bins')
    const counts = new Float64Array(n + 1)
    const draws = 50_000
    for (let i = 0; i < draws; i++) counts[binomial(n, p, random)]++
    let chance = (1 - p) ** n
    let chiSquared = 0
    let bins = 0
    for (let k = 0; k <= n; k++) {
      if (chance * draws > 20) {
        chiSquared += (counts[k] - chance * draws) ** 2 / (chance * draws)
        bins++
      }
      chance *= ((n - k) / (k + 1)) * (p / (1 - p))
    }
    // 26 bins: the 99.9th percentile of chi squared with 25 degrees of freedom is 52.6.
    expect(bins).toBeGreaterThan(20)
    expect(chiSquared).toBeLessThan(52.6)
  })

  test('a redrawn column keeps its total, and classes without rows stay without', () => {
    const sizes = Float64Array.of(5, 100, 0, 200, 40, 300)
    const out = new Float64Array(6).fill(-1)
    redraw(sizes, out, randomStream(1, 'column'), 0, 2)
    expect(out[0] + out[2] + out[4]).toBe(45)
    expect(out[2]).toBe(0)
    expect([out[1], out[3], out[5]]).toEqual([-1, -1, -1])
  })
})

describe('intervals of classes', () => {
  const { counts, intervals, perClass } = reference.classIntervals
  const table = tableOf(Float64Array.from(counts.flat()), counts.length, counts[0].length)
  const names = nameClasses(table, 'one-to-one')

  test('are those of drawing the rows themselves, within what draws differ by', async () => {
    const found = await classIntervals(table, names, 2000, 7)
    for (const [key, range] of Object.entries(intervals)) {
      const ours = found.figures[key as keyof typeof intervals]
      expect(Math.abs((ours?.[0] ?? 0) - range[0]), key).toBeLessThan(0.01)
      expect(Math.abs((ours?.[1] ?? 0) - range[1]), key).toBeLessThan(0.01)
    }
    // Shares of rows have Wilson's interval, which lies near that of samples where rows are not few.
    for (const [key, tolerance] of [
      ['producers', 0.035],
      ['users', 0.035],
      ['f1', 0.025],
    ] as const)
      for (const [j, range] of perClass[key].entries()) {
        expect(Math.abs((found[key][j]?.[0] ?? 0) - range[0]), `${key} ${j}`).toBeLessThan(tolerance)
        expect(Math.abs((found[key][j]?.[1] ?? 0) - range[1]), `${key} ${j}`).toBeLessThan(tolerance)
      }
  })

  test('of a class that is right in all of its few rows say that few rows say little, and of what cannot differ say nothing', async () => {
    const few = tableOf(Float64Array.of(5, 0, 0, 300), 2, 2)
    const { producers, f1, figures } = await classIntervals(few, [0, 1], 200, 7)
    expect(producers[0]?.[0]).toBeCloseTo(0.5655175352168252, 9)
    expect(producers[0]?.[1]).toBe(1)
    expect([f1[0], figures.accuracy]).toEqual([null, undefined])
  })

  test('hold the figure of all rows where few rows of many classes agree by chance', async () => {
    const random = randomStream(3, 'chance')
    const [found, truth] = [9, 12]
    const counts = new Float64Array(found * truth)
    for (let row = 0; row < 90; row++) counts[random.below(found) * truth + (row % truth)]++
    const chance = tableOf(counts, found, truth)
    const { figures } = await classIntervals(chance, nameClasses(chance, 'one-to-one'), 500, 7)
    const { homogeneity, v } = vMeasure(chance)
    for (const [key, value] of [
      ['purity', purity(chance)],
      ['nmi', v],
      ['homogeneity', homogeneity],
      ['ari', adjustedRandIndex(chance)],
    ] as const) {
      expect(figures[key]?.[0], key).toBeLessThan(value)
      expect(figures[key]?.[1], key).toBeGreaterThan(value)
    }
  })

  test('follow from the seed', async () => {
    const [a, b, c] = [
      await classIntervals(table, names, 200, 7),
      await classIntervals(table, names, 200, 7),
      await classIntervals(table, names, 200, 8),
    ]
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
  })

  test('a very large table is drawn less often, and no less than a hundred times', () => {
    expect(replicatesFor(1000, 400)).toBe(1000)
    expect(replicatesFor(1000, 250_000)).toBe(200)
    expect(replicatesFor(1000, 1e9)).toBe(100)
  })

  test('end when they are cancelled', async () => {
    const wide = tableOf(
      Float64Array.from({ length: 300 * 300 }, (_, i) => (i * 7919) % 50),
      300,
      300,
    )
    const cancel = new AbortController()
    cancel.abort()
    await expect(classIntervals(wide, nameClasses(wide, 'many-to-one'), 1000, 7, { signal: cancel.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

describe('intervals of scores', () => {
  test.each(reference.scores.map((one, i) => ({ ...one, what: i + 1 })))(
    'are those of drawing the rows themselves, case $what',
    async (known) => {
      const ranking = rankScores(Float32Array.from(known.scores), known.positive)
      const { figures: found } = await scoreIntervals(ranking, known.threshold, 2000, 7)
      // Recall goes in steps of one anomalous row: of so few, two of 2000 samples may differ by a step.
      const tolerance = 0.012 + 1 / ranking.nPositive
      for (const [key, range] of Object.entries(known.intervals)) {
        const ours = found[key as keyof typeof known.intervals]
        // Shares of rows have Wilson's interval, which differs where rows are few; it holds the figure all the same.
        if (['precision', 'recall', 'falseAlarmRate'].includes(key)) {
          const figure = known.figures[key as keyof typeof known.figures]
          expect(ours?.[0]).toBeLessThan(figure)
          expect(ours?.[1]).toBeGreaterThan(figure)
          continue
        }
        expect(Math.abs((ours?.[0] ?? 0) - range[0]), key).toBeLessThan(tolerance)
        expect(Math.abs((ours?.[1] ?? 0) - range[1]), key).toBeLessThan(tolerance)
      }
      // DeLong's error and the bootstrap agree about the area.
      const error = areaError(ranking) as number
      expect(((found.auc?.[1] ?? 0) - (found.auc?.[0] ?? 0)) / (2 * 1.96 * error)).toBeCloseTo(1, 0)
    },
  )

  test('many anomalous rows are taken together without moving the figures', async () => {
    const random = randomStream(4, 'many')
    const labels = Uint8Array.from({ length: 40_000 }, () => (random.uniform() < 0.4 ? 1 : 0))
    const values = Float64Array.from(labels, (label) => random.uniform() + 0.4 * label)
    const ranking = rankScores(values, labels)
    const { auc } = (await scoreIntervals(ranking, 0.9, 300, 7)).figures
    const area = areaUnderRoc(ranking)
    const error = areaError(ranking) as number
    expect(auc?.[0]).toBeGreaterThan(area - 3 * error)
    expect(auc?.[0]).toBeLessThan(area - error)
    expect(auc?.[1]).toBeGreaterThan(area + error)
    expect(auc?.[1]).toBeLessThan(area + 3 * error)
  })
})
