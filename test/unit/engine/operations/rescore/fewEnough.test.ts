import { describe, expect, it } from 'vitest'
import { fewEnough, type KnownRows, mostLearned } from '#engine/operations/rescore/fewEnough.ts'

const rows = Float64Array.from({ length: 1000 }, (_, i) => 3 * i)
const kinds = (rare: number): Uint8Array => Uint8Array.from(rows, (_, i) => Number(i % rare === 0))
/** In blocks of 64. */
const known = (anomalous: Uint8Array): KnownRows => ({
  normal: anomalous.length - count(anomalous),
  anomalous: count(anomalous),
  blocks: Array.from({ length: Math.ceil(rows.length / 64) }, (_, i) => ({
    rows: rows.subarray(64 * i, 64 * (i + 1)),
    positive: anomalous.subarray(64 * i, 64 * (i + 1)),
  })),
})
const count = (values: Uint8Array): number => values.reduce((sum, one) => sum + one, 0)

describe('known rows that are learned from', () => {
  it('are all of them where there is room', () => {
    const anomalous = kinds(10)
    expect(fewEnough(known(anomalous), 1000, 1)).toEqual({ rows, anomalous, standsFor: [1, 1] })
  })

  it('are all of the rarer kind, and an even part of the others that counts for the rest', () => {
    const few = fewEnough(known(kinds(10)), 300, 1)
    expect([few.rows.length, count(few.anomalous)]).toEqual([300, 100])
    expect(few.standsFor).toEqual([900 / 200, 1])
    expect(few.rows).toEqual(few.rows.slice().sort())
    expect(Array.from(few.rows, (row) => Number((row / 3) % 10 === 0))).toEqual(Array.from(few.anomalous))
  })

  it('are as many of each kind where neither is rare, the same ones with the same seed', () => {
    const few = fewEnough(known(kinds(2)), 300, 5)
    expect([few.rows.length, count(few.anomalous)]).toEqual([300, 150])
    expect(few).toEqual(fewEnough(known(kinds(2)), 300, 5))
  })

  it('are fewer of wide rows', () => {
    expect(mostLearned(10)).toBe(100_000)
    expect(mostLearned(2 ** 20)).toBe(32)
  })
})
