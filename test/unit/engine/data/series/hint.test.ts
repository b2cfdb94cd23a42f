import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../../../src-main/common/domain/dataset.ts'
import { inspectSource } from '../../../../../src-main/engine/data/inspect.ts'
import { durationOf, evenStep, windowLength } from '../../../../../src-main/engine/data/series/hint.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const start = Date.UTC(2024, 0, 1)
const hour = (i: number): string => new Date(start + i * 3_600_000).toISOString().slice(0, 19)

async function hintOf(head: string, lines: readonly string[], options = {}): Promise<Finding | undefined> {
  const path = folder.file('t.csv')
  writeFileSync(path, `${head}\n${lines.join('\n')}\n`)
  const { findings } = await inspectSource(path, undefined, options)
  return findings.find(({ code }) => code === 'COULD_BE_SERIES' || code === 'READ_AS_SERIES')
}
const rows = (n: number, of: (i: number) => string): string[] => Array.from({ length: n }, (_, i) => of(i))

describe('a table with a column of times', () => {
  it('can be read as a series, in windows of a day of hours', async () => {
    const hint = await hintOf(
      'when,value',
      rows(500, (i) => `${hour(i)},${i % 7}`),
    )
    expect(hint).toMatchObject({ code: 'COULD_BE_SERIES', where: { time: 'when', length: 24 } })
    expect(hint?.message).toContain('every hour')
  })

  it('is told from its units, mixed or one after another', async () => {
    const mixed = rows(400, (i) => `${hour(Math.floor(i / 4))},${'abcd'[i % 4]},${i % 9}`)
    expect(await hintOf('time,station,value', mixed)).toMatchObject({ where: { time: 'time', unit: 'station', length: 24 } })
    const stacked = rows(6000, (i) => `${hour(i % 3000)},${'ab'[Math.floor(i / 3000)]},${i % 9}`)
    expect(await hintOf('time,station,value', stacked)).toMatchObject({ where: { time: 'time', unit: 'station' } })
  })

  it('may have date and clock apart, months of different lengths and weekends', async () => {
    const apart = rows(200, (i) => `${hour(i).slice(0, 10)},${hour(i).slice(11)},${i % 7}`)
    expect(await hintOf('date,time,value', apart)).toMatchObject({ where: { time: 'date', clock: 'time', length: 24 } })
    const months = rows(120, (i) => `${1990 + Math.floor(i / 12)}-${String(1 + (i % 12)).padStart(2, '0')}-01,${i % 7}`)
    expect(await hintOf('date,value', months)).toMatchObject({ where: { time: 'date', length: 12 } })
  })

  it('is none where times are uneven, repeated or few, and where there are none', async () => {
    const uneven = rows(300, (i) => `${hour(Math.round(i ** 2.3))},${i % 7}`)
    expect(await hintOf('date,value', uneven)).toBeUndefined()
    expect(
      await hintOf(
        'date,value',
        rows(300, (i) => `${hour(24 * (i % 5)).slice(0, 10)},${i % 11}`),
      ),
    ).toBeUndefined()
    expect(
      await hintOf(
        'date,value',
        rows(12, (i) => `${hour(i)},${i}`),
      ),
    ).toBeUndefined()
    expect(
      await hintOf(
        'width,value',
        rows(300, (i) => `${i},${i % 7}`),
      ),
    ).toBeUndefined()
  })

  it('leads to a series that says the way back', async () => {
    const lines = rows(240, (i) => `${hour(i)},${i % 7}`)
    const hint = await hintOf('time,value', lines, { 'series.time': ['time'], 'series.length': 24 })
    expect(hint).toMatchObject({ code: 'READ_AS_SERIES', where: { kind: 'table' } })
    expect(hint?.message).toContain('24 rows')
  })
})

describe('steps', () => {
  it('are even in any order, with gaps, but not when equal or spread', () => {
    expect(evenStep(Float64Array.of(40, 10, 20, 30, 90))).toBe(10)
    expect(evenStep(Float64Array.of(10, 10, 10))).toBeNull()
    expect(evenStep(Float64Array.of(1, 2, 4, 8, 16, 32))).toBeNull()
  })

  it('are told in the largest unit that they fill, and windows hold a cycle of them', () => {
    expect([900, 3600, 86_400, 7 * 86_400, 31 * 86_400, 0.5, 7200].map(durationOf)).toEqual([
      '15 minutes',
      'hour',
      'day',
      'week',
      'month',
      '500 milliseconds',
      '2 hours',
    ])
    const days = [2, 8, 10, 16, 30, 91, 92, 181, 365, 366, 730, 1.5]
    expect(days.map((n) => durationOf(n * 86_400))).toEqual([
      '2 days',
      '8 days',
      '10 days',
      '16 days',
      'month',
      '3 months',
      '3 months',
      '6 months',
      'year',
      'year',
      '2 years',
      '36 hours',
    ])
    expect([5400, 61.2, 1.5, 0.0001].map(durationOf)).toEqual(['90 minutes', '1.02 minutes', '1.5 seconds', '0.1 milliseconds'])
    expect([600, 3600, 86_400, 30.5 * 86_400].map((step) => windowLength(step, true, 1e6))).toEqual([144, 24, 7, 12])
    expect(windowLength(3600, true, 80)).toBe(10)
    expect(windowLength(1, false, 1e6)).toBe(32)
  })
})
