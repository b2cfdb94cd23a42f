/** Against umap-learn and scikit-learn on the same rows; planes.py and fewRows.py of test/fixtures/make/neighbours made the figures. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { pca } from '#engine/analysis/embedding/pca.ts'
import { trustworthiness } from '#engine/analysis/embedding/trustworthiness.ts'
import { tsne } from '#engine/analysis/embedding/tsne.ts'
import { umap } from '#engine/analysis/embedding/umap.ts'
import { curveFor } from '#engine/analysis/embedding/umap/curve.ts'
import { digitColumns, digitRows, readDigits } from '../../../../helpers/digits.ts'

interface Reference {
  readonly umap: readonly number[]
  readonly tsne: { readonly divergence: number; readonly trustworthiness: number }
}
const reference = JSON.parse(readFileSync(new URL('../../../../fixtures/neighbours/planes.json', import.meta.url), 'utf8')) as {
  readonly digits: Reference
  readonly roll: Reference & { readonly seenFromAbove: number }
}
const fewRows = JSON.parse(readFileSync(new URL('../../../../fixtures/neighbours/fewRows.json', import.meta.url), 'utf8')) as {
  readonly found: readonly { readonly rows: number; readonly divergence: number }[]
}
const run = { seed: 1, threads: 1 }
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0)

/** A sheet rolled up in space. */
function roll(n: number): Float32Array {
  const X = new Float32Array(3 * n)
  for (let i = 0; i < n; i++) {
    const t = 1.5 * Math.PI * (1 + 2 * ((i * 0.6180339887498949) % 1))
    X.set([t * Math.cos(t), 21 * ((i * 0.7548776662466927) % 1), t * Math.sin(t)], 3 * i)
  }
  return X
}

describe('trustworthiness', () => {
  test('equals that of scikit-learn', async () => {
    const n = 1200
    const X = roll(n)
    const above = Float32Array.from({ length: 2 * n }, (_, at) => X[3 * Math.floor(at / 2) + (at % 2)] as number)
    expect(await trustworthiness(X, above, n, 3, { seed: 1 })).toBeCloseTo(reference.roll.seenFromAbove, 6)
  })

  test('is 1 of rows that are in a plane anyway', async () => {
    const Y = roll(400).subarray(0, 800)
    expect(await trustworthiness(Y, Y, 400, 2, { seed: 1 })).toBe(1)
  })
})

describe('PCA', () => {
  test('turns rows so that the widest axis comes first, and knows how much of all it shows', async () => {
    const X = Float32Array.from(
      { length: 300 },
      (_, at) => [3, 4, 0][at % 3]! * Math.sin(at - (at % 3)) + (at % 3 === 2 ? 0.5 * Math.cos(at) : 0),
    )
    const { plane, figures } = await pca.fit(X, 100, 3, {}, run)
    expect((figures.explainedByFirst as number) + (figures.explainedBySecond as number)).toBeCloseTo(1, 6)
    expect(figures.explainedByFirst).toBeGreaterThan(0.9)
    const spread = (axis: number): number => Math.max(...plane.filter((_, at) => at % 2 === axis).map(Math.abs))
    expect(spread(0)).toBeGreaterThan(spread(1))
  })

  test('of a single column has no second axis', async () => {
    const { plane, figures } = await pca.fit(Float32Array.of(1, 2, 3), 3, 1, {}, run)
    expect([...plane]).toEqual([-1, 0, 0, 0, 1, 0])
    expect(figures).toEqual({ explainedByFirst: 1, explainedBySecond: 0 })
  })
})

describe('UMAP', () => {
  test('has the curve that umap-learn fits', () => {
    const usual = curveFor(0.1, 1)
    expect(usual.a).toBeCloseTo(1.5769434603, 3)
    expect(usual.b).toBeCloseTo(0.895060878, 3)
    const tight = curveFor(0, 1)
    expect(tight.a).toBeCloseTo(1.9328, 2)
    expect(tight.b).toBeCloseTo(0.7905, 2)
  })

  test('of digits can be trusted as that of umap-learn, and shows itself while it runs', async () => {
    const { X } = readDigits()
    let shown = 0
    const { plane } = await umap.fit(X, digitRows, digitColumns, umap.params.parse({}), { ...run, show: () => shown++ })
    expect(shown).toBeGreaterThan(100)
    const reached = await trustworthiness(X, plane, digitRows, digitColumns, { seed: 1 })
    expect(reached).toBeGreaterThan(mean(reference.digits.umap) - 0.01)
  })

  test('unrolls a sheet as umap-learn does', async () => {
    const X = roll(1200)
    const { plane } = await umap.fit(X, 1200, 3, umap.params.parse({}), run)
    expect(await trustworthiness(X, plane, 1200, 3, { seed: 1 })).toBeGreaterThan(mean(reference.roll.umap) - 0.01)
  })

  test('is another one with another seed', async () => {
    const [X, params] = [roll(300), umap.params.parse({ passes: 100 })]
    const { plane } = await umap.fit(X, 300, 3, params, run)
    expect((await umap.fit(X, 300, 3, params, run)).plane).toEqual(plane)
    const other = await umap.fit(X, 300, 3, params, { ...run, seed: 2 })
    expect(other.plane).not.toEqual(plane)
  })

  test('stops with the plane as it is when that is enough', async () => {
    let passes = 0
    const { figures, plane } = await umap.fit(roll(300), 300, 3, umap.params.parse({ metric: 'cosine' }), {
      ...run,
      isEnough: () => ++passes > 5,
    })
    expect(figures.passes).toBe(5)
    expect(plane.every(Number.isFinite)).toBe(true)
  })
})

describe('t-SNE', () => {
  test('of digits diverges no more than that of scikit-learn', async () => {
    const { X } = readDigits()
    const { plane, figures } = await tsne.fit(X, digitRows, digitColumns, tsne.params.parse({}), run)
    expect(figures.klDivergence).toBeLessThan(1.05 * reference.digits.tsne.divergence)
    const reached = await trustworthiness(X, plane, digitRows, digitColumns, { seed: 1 })
    expect(reached).toBeGreaterThan(reference.digits.tsne.trustworthiness - 0.01)
  })

  test.each(fewRows.found)('of $rows rows diverges no more than that of scikit-learn', async ({ rows, divergence }) => {
    const { figures } = await tsne.fit(roll(rows), rows, 3, tsne.params.parse({}), run)
    expect(figures.klDivergence).toBeLessThan(1.1 * divergence)
  })

  test('is nearly the same with exact forces', async () => {
    const X = roll(400)
    const params = { ...tsne.params.parse({}), iterations: 300 }
    const first = await tsne.fit(X, 400, 3, params, run)
    const exact = await tsne.fit(X, 400, 3, { ...params, theta: 0.1 }, run)
    expect(Math.abs((exact.figures.klDivergence as number) / (first.figures.klDivergence as number) - 1)).toBeLessThan(0.05)
  })
})

describe('planes that keep neighbours together', () => {
  const fits = [
    {
      title: umap.title,
      layOut: (X: Float32Array, n: number, d: number, its = run, steps = 50) =>
        umap.fit(X, n, d, umap.params.parse({ passes: steps }), its),
    },
    {
      title: tsne.title,
      layOut: (X: Float32Array, n: number, d: number, its = run, steps = 50) =>
        tsne.fit(X, n, d, tsne.params.parse({ iterations: steps, perplexity: 8 }), its),
    },
  ]

  test.each(fits)('are the same with one, two and four threads: $title', async ({ layOut }) => {
    // Beyond 10 000 rows neighbours are found in lists.
    const n = 10_400
    const { plane } = await layOut(roll(n), n, 3)
    expect(plane.every(Number.isFinite)).toBe(true)
    for (const threads of [2, 4]) expect((await layOut(roll(n), n, 3, { ...run, threads })).plane).toEqual(plane)
  })

  test.each(fits)('cope with rows that are all the same, with one row and none, and with very few: $title', async ({ layOut }) => {
    for (const n of [0, 1, 50]) expect((await layOut(new Float32Array(4 * n), n, 4)).plane).toEqual(new Float32Array(2 * n))
    for (const n of [2, 3, 5]) {
      const { plane } = await layOut(roll(n), n, 3)
      expect(plane.length).toBe(2 * n)
      expect(plane.every(Number.isFinite)).toBe(true)
    }
  })

  test.each(fits)('lay out rows of a single number, and rows whose numbers are huge or tiny: $title', async ({ layOut }) => {
    const n = 120
    for (const scale of [1, 1e15, 1e-18]) {
      const { plane } = await layOut(
        Float32Array.from({ length: n }, (_, i) => scale * (i + (i % 7) / 10)),
        n,
        1,
      )
      expect(plane.every(Number.isFinite)).toBe(true)
      expect(new Set(plane).size).toBeGreaterThan(n)
    }
  })

  test.each(fits)('say so where distances overflow: $title', async ({ layOut }) => {
    const X = roll(100).map((value) => value * 1e30)
    await expect(layOut(X, 100, 3)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })

  test.each(fits)('lay equal rows at one place and others elsewhere: $title', async ({ layOut }) => {
    const n = 600
    const X = roll(n)
    for (let i = 0; i < n; i += 2) X.set([1, 2, 3], 3 * i)
    let shown = 0
    const { plane, figures } = await layOut(X, n, 3, { ...run, show: (its: Float32Array) => (shown = its.length) } as typeof run)
    expect(shown).toBe(2 * n)
    expect(figures.distinctRows).toBe(n / 2 + 1)
    const places = new Set(Array.from({ length: n }, (_, i) => `${plane[2 * i]} ${plane[2 * i + 1]}`))
    expect(places.size).toBe(n / 2 + 1)
    for (let i = 2; i < n; i += 2) expect([plane[2 * i], plane[2 * i + 1]]).toEqual([plane[0], plane[1]])
  })

  test.each(fits)('are not moved by columns that never change: $title', async ({ layOut }) => {
    const n = 300
    const X = roll(n)
    const wide = Float32Array.from({ length: 5 * n }, (_, at) => (at % 5 < 3 ? (X[3 * Math.floor(at / 5) + (at % 5)] as number) : 7))
    const [narrow, constant] = [await layOut(X, n, 3), await layOut(wide, n, 5)]
    const trust = async (plane: Float32Array) => (await trustworthiness(X, plane, n, 3, { seed: 1 })) as number
    expect(Math.abs((await trust(narrow.plane)) - (await trust(constant.plane)))).toBeLessThan(0.02)
  })

  test.each(fits)('stop when cancelled: $title', async ({ layOut }) => {
    const controller = new AbortController()
    const report = (fraction: number): void => {
      if (fraction > 0.1) controller.abort()
    }
    await expect(layOut(roll(3000), 3000, 3, { ...run, signal: controller.signal, report } as typeof run, 10_000)).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
