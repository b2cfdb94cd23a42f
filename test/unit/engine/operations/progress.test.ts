import { expect, test } from 'vitest'
import { progressMeter } from '#engine/operations/progress.ts'

/** A meter and a clock that is moved by hand, in seconds. */
function metered() {
  let seconds = 0
  const meter = progressMeter(() => seconds * 1000)
  return {
    meter,
    at: (t: number) => {
      seconds = t
      return meter
    },
  }
}

test('a steady job shows its rate and what remains', () => {
  const { at } = metered()
  for (let t = 0; t < 5; t += 1) at(t).update({ stage: 's', fraction: t / 10, done: t * 100, unit: 'rows' })
  const last = at(5).update({ stage: 's', fraction: 0.5, done: 500, unit: 'rows' })
  expect(last.ratePerSecond).toBeCloseTo(100)
  expect(last.remainingSeconds).toBeCloseTo(5)
})

test('a jump is smoothed: after a second of ten times the speed the rate is between', () => {
  const { at } = metered()
  at(0).update({ stage: 's', fraction: null, done: 0 })
  at(1).update({ stage: 's', fraction: null, done: 100 })
  // weight of one second of three: 1 − e^(−1/3) = 0.2835; 100 + 0.2835 · 900 = 355.1
  expect(at(2).update({ stage: 's', fraction: null, done: 1100 }).ratePerSecond).toBeCloseTo(355.1, 1)
})

test('a value that goes back is another stage, and a pause says nothing of the rate', () => {
  const { at, meter } = metered()
  at(0).update({ stage: 'a', fraction: 0, done: 0 })
  at(1).update({ stage: 'a', fraction: 0.5, done: 1000 })
  expect(at(2).update({ stage: 'b', fraction: 0, done: 0 }).ratePerSecond).toBeUndefined()
  at(3).update({ stage: 'b', fraction: 0.1, done: 10 })
  meter.reset()
  at(100).update({ stage: 'b', fraction: 0.2, done: 20 })
  expect(at(101).update({ stage: 'b', fraction: 0.3, done: 30 }).ratePerSecond).toBeCloseTo(10)
})

test('figures of the operation itself go before, and a fraction stays between 0 and 1', () => {
  const { at } = metered()
  expect(at(0).update({ stage: 's', fraction: 1.0000001, ratePerSecond: 5, remainingSeconds: 2 })).toMatchObject({
    fraction: 1,
    ratePerSecond: 5,
    remainingSeconds: 2,
  })
  expect(at(1).update({ stage: 's', fraction: Number.NaN }).fraction).toBeNull()
})
