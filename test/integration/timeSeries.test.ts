/**
 * Real time series as windows. Counts and sums are those of pandas 1.5.3: rows grouped by stretches whose steps stay below 1.5
 * times the median, windows cut from each with range(0, n − length + 1, stride), values summed in float64.
 */
import { describe, expect, test } from 'vitest'
import type { OpenSource } from '#engine/data/dataset.ts'
import { openSource } from '#engine/data/inspect.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'

const opened = (path: string, series: Record<string, unknown>, own: Record<string, unknown> = {}): Promise<OpenSource> =>
  openSource(sharedData(path), 'series', {
    ...own,
    ...Object.fromEntries(Object.entries(series).map(([name, value]) => [`series.${name}`, value])),
  })

async function sumOf(source: OpenSource): Promise<number> {
  let [rows, sum] = [0, 0]
  for await (const { n, X } of source.chunks({ maxBytes: 1 << 20 })) {
    rows += n
    for (const value of X) if (!Number.isNaN(value)) sum += value
  }
  expect(rows).toBe(source.report.rows)
  return sum
}
const nab = 'anomaly/nab/realKnownCause'

describe.skipIf(!hasSharedData)('windows of', () => {
  test.each([
    ['timeseries/daily-min-temperatures.csv', 7, 1, { rows: 3632, gaps: 2, step: 86_400, sum: 283_715.7, last: 3643, firstGap: 1460 }],
    [
      `${nab}/ambient_temperature_system_failure.csv`,
      24,
      12,
      { rows: 592, gaps: 10, step: 3600, sum: 1_012_559.74, last: 7242, firstGap: 578 },
    ],
    [
      `${nab}/cpu_utilization_asg_misconfiguration.csv`,
      24,
      12,
      { rows: 1503, gaps: 0, step: 300, sum: 1_381_199.4, last: 18_024, firstGap: -1 },
    ],
    [
      `${nab}/ec2_request_latency_system_failure.csv`,
      24,
      12,
      { rows: 332, gaps: 2, step: 300, sum: 359_900.04, last: 4000, firstGap: 556 },
    ],
  ])('%s of %i rows every %i', async (path, length, stride, expected) => {
    const source = await opened(path, { length, stride })
    const { rows, details, findings } = source.report
    expect(rows).toBe(expected.rows)
    expect(details).toMatchObject({ gaps: expected.gaps, 'usual step in seconds': expected.step })
    expect(findings.find(({ code }) => code === 'TIME_GAPS')?.where).toEqual(
      expected.firstGap < 0 ? undefined : { row: expected.firstGap + 1 },
    )
    expect((await source.metadata?.('first row'))?.at(-1)).toBe(expected.last)
    expect((await sumOf(source)) / expected.sum).toBeCloseTo(1, 6)
    await source.close()
  })

  test('a server with labels that has no time, 100 rows every 50', async () => {
    const path = 'anomaly/smd_csv_CONVERTED/machine-1-6_test.csv'
    const anomalous = async (labelRule: string): Promise<number> => {
      const source = await opened(path, { length: 100, stride: 50, label: 'label', labelRule })
      const labels = await source.metadata?.('label')
      expect(source.report).toMatchObject({ rows: 472, labelFields: ['label'] })
      expect(source.report.columns).toHaveLength(3800)
      if (labelRule === 'any') expect((await sumOf(source)) / 418_279.784).toBeCloseTo(1, 6)
      await source.close()
      return labels?.filter((label) => Number(label) !== 0).length ?? 0
    }
    expect(await anomalous('any')).toBe(133)
    expect(await anomalous('last')).toBe(74)
    // One window is anomalous by half.
    expect([71, 72]).toContain(await anomalous('majority'))
  })

  test.each([['tabular/uci/AirQualityUCI_bom_isodate.csv'], ['tabular/derived/AirQualityUCI_semicolon_decimalcomma_RECONSTRUCTED.csv']])(
    'air by the hour, with date and time apart: %s',
    async (path) => {
      const source = await opened(path, { length: 24 }, { missing: ['-200'] })
      expect(source.report.rows).toBe(389)
      expect(source.report.columns).toHaveLength(24 * 13)
      expect((await source.metadata?.('start time'))?.[0]).toBe('2004-03-10T18:00:00')
      expect((await source.metadata?.('end time'))?.at(-1)).toBe('2005-04-03T17:00:00')
      expect((await sumOf(source)) / 51_724_158.64).toBeCloseTo(1, 6)
      await source.close()
    },
  )

  test('a matrix without names or time', async () => {
    const source = await opened('anomaly/smap_msl/train/P-1.npy', { length: 50, stride: 25 })
    expect(source.report).toMatchObject({ kind: 'series', format: 'npy', rows: 113 })
    expect((await sumOf(source)) / 420.719408).toBeCloseTo(1, 6)
    await source.close()
  })
})
