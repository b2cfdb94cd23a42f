/** Detectors beside PyOD (test/fixtures/make/detectors/areas.py); all tables and detectors: node test/bench/anomaly.ts --pyod */
import { describe, expect, test } from 'vitest'
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { methodIn } from '#engine/analysis/methods/define.ts'
import { standardAnomalies } from '#engine/analysis/detectors/standard.ts'
import { adbenchTable, halfOfNormals } from '../helpers/adbench.ts'
import { areaOf, areasBesidePyod, detected, pyodReference, trainOn } from '../helpers/anomalyTable.ts'
import { hasSharedData } from '../helpers/sharedData.ts'

/** PyOD's call, the detector here, and its parameters. */
const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['knn', 'knn', { neighbours: 5 }],
  ['knn largest', 'knn', { neighbours: 5, neighbourDistance: 'largest' }],
  ['knn median', 'knn', { neighbours: 4, neighbourDistance: 'median' }],
  ['lof', 'lof', {}],
  ['ecod', 'ecod', {}],
  ['hbos', 'hbos', {}],
  ['hbos auto', 'hbos', { bins: null }],
  ['pca', 'pca', { pcaScore: 'weighted' }],
]

function farthest(found: Float64Array, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length)
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(found[i] - value) / Math.max(1, Math.abs(value))), 0)
}

describe.runIf(hasSharedData)('detectors', () => {
  test.each(cases)('%s: every score of the glass table is PyOD’s', async (name, id, params) => {
    const { n, d, X } = await adbenchTable('14_glass')
    const detector = methodIn(detectors, id)
    const scores = async (learned: (row: number) => boolean, asked: (row: number) => boolean): Promise<Float64Array> => {
      const pick = (wanted: (row: number) => boolean): [Float32Array, number] => {
        const rows = Array.from({ length: n }, (_, i) => i).filter(wanted)
        return [Float32Array.from(rows.flatMap((row) => [...X.subarray(row * d, (row + 1) * d)])), rows.length]
      }
      const [known, knownRows] = pick(learned)
      const [others, rows] = pick(asked)
      const fitted = await detector.fit(known, knownRows, d, detector.params.parse(params), { seed: 1, threads: 1 })
      const out = new Float64Array(rows)
      await fitted.score(others, rows, out, learned === asked ? Int32Array.from(out, (_, i) => i) : undefined)
      await fitted.close?.()
      return out
    }
    const all = (): boolean => true
    const reference = pyodReference.scores[name]
    expect(farthest(await scores(all, all), reference.own)).toBeLessThan(1e-6)
    const isThird = (row: number): boolean => row % 3 === 0
    expect(farthest(await scores((row) => !isThird(row), isThird), reference.new)).toBeLessThan(1e-6)
  })

  const small = ['14_glass', '45_wine', '4_breastw']
  const exact = ['knn', 'lof', 'ecod', 'hbos', 'pca']
  test.each([
    ...[...small, '18_Ionosphere', '20_letter', '38_thyroid', '40_vowels', '6_cardio'].flatMap((name) =>
      exact.map((id) => [name, id] as const),
    ),
    ...small.flatMap((name) => ['isolation-forest', 'mcd'].map((id) => [name, id] as const)),
  ])('%s: %s ranks rows as PyOD does', async (name, id) => {
    const { ours, theirs, error, agrees } = await areasBesidePyod(name, id)
    expect(error).toBeLessThan(0.006)
    expect(agrees, `${ours} beside ${theirs}`).toBe(true)
  })

  test('the standard setting ranks rows as neighbours of prepared columns do, and its autoencoder finds most of it alone', async () => {
    const { model, preset, method, space, params } = standardAnomalies
    const areas: { error: number; standard: number; neighbours: number }[] = []
    for (const name of ['4_breastw', '40_vowels', '20_letter']) {
      const { learn, judge } = halfOfNormals(await adbenchTable(name), 1)
      const trained = await trainOn(learn, judge, { model, preset }, 1)
      areas.push({
        error: areaOf(trained.judge.error, judge),
        standard: areaOf(await detected(method, params, space, trained, 1), judge),
        neighbours: areaOf(await detected('knn', params, 'prepared', trained, 1), judge),
      })
    }
    const mean = (of: 'error' | 'standard' | 'neighbours'): number => areas.reduce((sum, area) => sum + area[of], 0) / areas.length
    expect(mean('error')).toBeGreaterThanOrEqual(0.93)
    expect(mean('standard')).toBeGreaterThanOrEqual(mean('neighbours') - 0.005)
  })
})
