import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { TrainingParams } from '#engine/models/training.ts'
import { learningRateAt, noPlateau, plateauAfter } from '#engine/train/schedule.ts'

const schedule = (params: Partial<TrainingParams>) => TrainingParams.parse(params)
const at = (params: Partial<TrainingParams>, step: number, pass = 0, falls = 0) =>
  learningRateAt(1, schedule(params), { step, steps: 100, pass, plateau: { ...noPlateau, falls } })

test('the step size is constant when nothing is said', () => {
  expect([0, 50, 99].map((step) => at({}, step))).toEqual([1, 1, 1])
})

test('it falls along a half cosine to its fiftieth', () => {
  const cosine = { learningRateSchedule: 'cosine' } as const
  expect(at(cosine, 0)).toBe(1)
  expect(at(cosine, 50)).toBeCloseTo(0.51, 9)
  expect(at(cosine, 100)).toBeCloseTo(0.02, 9)
})

test('it grows from zero over the steps of the warm-up, whatever the schedule', () => {
  expect([0, 1, 3, 9].map((step) => at({ warmupSteps: 4 }, step))).toEqual([0.25, 0.5, 1, 1])
  expect(at({ warmupSteps: 4, learningRateSchedule: 'step', learningRatePasses: 1 }, 1, 1)).toBe(0.25)
})

test('it falls in stairs after every so many passes', () => {
  const stairs = { learningRateSchedule: 'step', learningRateFactor: 0.1, learningRatePasses: 3 } as const
  const rates = [0, 2, 3, 5, 6].map((pass) => at(stairs, 0, pass))
  expect(rates).toEqual([1, 1, 0.1, 0.1, 0.1 ** 2])
})

test('it falls after the milestones instead where there are some, in whatever order', () => {
  const stairs = { learningRateSchedule: 'step', learningRateFactor: 0.5, learningRateMilestones: [7, 2] } satisfies Partial<TrainingParams>
  expect([0, 1, 2, 6, 7, 90].map((pass) => at(stairs, 0, pass))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25])
})

describe('a plateau', () => {
  const params = schedule({ learningRateSchedule: 'plateau', learningRateFactor: 0.5, learningRatePasses: 2 })
  const fallsAfter = (errors: readonly number[], given = params) => {
    let plateau = noPlateau
    return errors.map((error) => {
      plateau = plateauAfter(plateau, error, given)
      return plateau.falls
    })
  }

  test('makes the step size fall after so many passes without a better error, and again after as many', () => {
    expect(fallsAfter([1, 0.9, 0.95, 0.91, 0.92, 0.93, 0.8, 0.81])).toEqual([0, 0, 0, 1, 1, 2, 2, 2])
    expect([0, 1, 2].map((falls) => at({ learningRateSchedule: 'plateau', learningRateFactor: 0.1 }, 0, 0, falls))).toEqual([
      1,
      0.1,
      0.1 ** 2,
    ])
  })
  test('takes an improvement below a ten-thousandth for none, also where errors are negative', () => {
    expect(fallsAfter([1, 0.99995, 0.99994])).toEqual([0, 0, 1])
    expect(fallsAfter([-1, -1.00005, -1.00006])).toEqual([0, 0, 1])
    expect(fallsAfter([-1, -1.1, -1.2])).toEqual([0, 0, 0])
  })
  test('falls when PyTorch’s ReduceLROnPlateau does', () => {
    const { plateau } = JSON.parse(readFileSync(new URL('../../../fixtures/optimisers.json', import.meta.url), 'utf8')) as {
      plateau: { factor: number; passes: number; errors: number[]; shares: number[] }
    }
    const given = schedule({ learningRateFactor: plateau.factor, learningRatePasses: plateau.passes })
    expect(fallsAfter(plateau.errors, given).map((falls) => plateau.factor ** falls)).toEqual(plateau.shares)
    expect(new Set(plateau.shares).size).toBeGreaterThan(3)
  })
})
