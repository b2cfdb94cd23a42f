/** Moves of two points against the formulas in double precision. */
import { describe, expect, test } from 'vitest'
import { curveFor } from '#engine/analysis/embedding/umap/curve.ts'
import { optimise } from '#engine/analysis/embedding/umap/optimise.ts'
import { createPace } from '#engine/analysis/pace.ts'
import { randomStream } from '#engine/analysis/random.ts'

const distances = [1e-12, 1e-6, 1e-3, 0.05, 0.3, 0.99, 1, 1.7, 4, 30, 1e3, 1e5]
const curves = [curveFor(0.1, 1), curveFor(0, 1), curveFor(0.9, 1), curveFor(0.1, 5)]
const clip = (value: number): number => Math.max(-4, Math.min(4, value))

/** Two points of one edge after two passes: an edge is used from the second on. */
async function moved(at: readonly number[], repulsion: number, curve = curves[0] as (typeof curves)[number]): Promise<Float32Array> {
  const Y = Float32Array.from(at)
  await optimise(
    Y,
    2,
    { starts: Int32Array.of(0, 1, 1), targets: Int32Array.of(1), weights: Float32Array.of(0.7) },
    {
      passes: 2,
      curve,
      repulsion,
      learningRate: 2,
      random: randomStream(1, 'test'),
      pace: createPace(),
      isEnough: () => false,
      after: () => undefined,
    },
  )
  return Y
}

describe('a pass', () => {
  test.each(curves)('pulls both ends of an edge as the formula has it: a = $a, b = $b', async (curve) => {
    for (const distance of distances) {
      const Y = await moved([0, 0, distance, 0], 0, curve)
      const s = distance ** 2
      const pull = clip((2 * curve.a * curve.b * s ** (curve.b - 1) * distance) / (1 + curve.a * s ** curve.b))
      expect(Math.abs((Y[0] as number) - pull)).toBeLessThan(1e-4 * pull + 1e-12)
      expect(Math.abs((Y[2] as number) - distance + pull)).toBeLessThan(1e-4 * pull + 2 ** -23 * distance + 1e-12)
      expect([Y[1], Y[3]]).toEqual([0, 0])
    }
  })

  test('pushes off what was drawn, up to four at once, and never off itself', async () => {
    const { a, b } = curves[0] as (typeof curves)[number]
    for (const distance of distances) {
      const s = distance ** 2
      const pull = clip((2 * a * b * s ** (b - 1) * distance) / (1 + a * s ** b))
      const push = clip((2 * b * distance) / ((0.001 + s) * (1 + a * s ** b)))
      const Y = await moved([0, 0, 0, distance], 1)
      const possible = [0, 1, 2, 3, 4].map((drawn) => pull - drawn * push)
      const nearest = Math.min(...possible.map((value) => Math.abs((Y[1] as number) - value)))
      expect(nearest).toBeLessThan(2e-4 * Math.max(pull, push))
    }
  })

  test('leaves points alone that are at the same place', async () => {
    expect([...(await moved([3, 4, 3, 4], 1))]).toEqual([3, 4, 3, 4])
  })
})
