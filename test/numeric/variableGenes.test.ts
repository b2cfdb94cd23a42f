/** The most variable genes against scanpy (fixtures/make/reference/variableGenes.py), on counts of the catalogue, and the curve beneath them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { surveyCells, surveyGenes } from '#engine/data/cells/quality.ts'
import { openSource } from '#engine/data/inspect.ts'
import { learned, type RowSide } from '#engine/data/split/sides.ts'
import { loess } from '#engine/analysis/statistics/loess.ts'
import { ClippedMoments, expectedDeviation, highestScores } from '#engine/analysis/statistics/variableGenes.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'

interface Reference {
  loess: { x: number[]; y: number[]; fitted: number[] }
  files: Record<string, { cells: number; genes: number; most: number; best: number[]; scoreSum: number; scores: Record<string, number> }>
}
const reference = JSON.parse(readFileSync(new URL('../fixtures/reference/variableGenes.json', import.meta.url), 'utf8')) as Reference

describe('loess', () => {
  it('gives what scikit-misc gives, with equal x among them and in any order', () => {
    const { x, y, fitted } = reference.loess
    const shuffled = Array.from(x.keys()).sort((a, b) => ((a * 7919) % 300) - ((b * 7919) % 300))
    const ours = loess(
      Float64Array.from(shuffled, (i) => x[i]),
      Float64Array.from(shuffled, (i) => y[i]),
      0.3,
    )
    for (const [k, i] of shuffled.entries()) expect(ours[k]).toBeCloseTo(fitted[i], 10)
  })

  it('goes through a parabola', () => {
    const x = Float64Array.from({ length: 50 }, (_, i) => i / 10)
    const fitted = loess(
      x,
      x.map((value) => 2 - value + 3 * value * value),
      0.4,
    )
    for (const [i, value] of fitted.entries()) expect(value).toBeCloseTo(2 - x[i] + 3 * x[i] * x[i], 8)
  })
})

describe.skipIf(!hasSharedData)('most variable genes', () => {
  it.each(Object.keys(reference.files))('of %s are those of scanpy, with its scores and in its order but for ties', async (file) => {
    const { cells, genes, most, best, scoreSum, scores } = reference.files[file]
    const source = await openSource(sharedData(file))
    const options = {
      genes: Array.from({ length: genes }, (_, j) => j),
      limits: null,
      sides: () => learned as RowSide,
      signal: new AbortController().signal,
      report: () => undefined,
    }
    const survey = await surveyCells(source, options)
    expect([survey.cells, survey.keptCells, survey.counts]).toEqual([cells, cells, 'whole'])
    const { chosen, medianTotal } = await surveyGenes(source, survey, {
      ...options,
      within: options.genes,
      topGenes: most,
      wantsMedian: true,
    })
    expect(medianTotal).toBeGreaterThan(0)

    const { mean, variance } = survey.moments.moments()
    const clipped = new ClippedMoments(mean, expectedDeviation(mean, variance), cells)
    for await (const { n, X } of source.chunks()) for (let i = 0; i < n; i++) clipped.add(X, i * genes)
    const ours = clipped.scores()
    await source.close()
    // Genes with equal scores stand in any order in scanpy, and in the order of the file here.
    const ranked = highestScores(ours, most)
    for (const [rank, j] of ranked.entries()) if (j !== best[rank]) expect(ours[j]).toBeCloseTo(ours[best[rank]], 10)
    expect(ranked.filter((j, rank) => j === best[rank]).length).toBeGreaterThan(0.9 * most)
    expect(chosen).toEqual([...ranked].sort((a, b) => a - b))
    expect(ours.reduce((sum, score) => sum + score, 0) / scoreSum).toBeCloseTo(1, 9)
    for (const [j, score] of Object.entries(scores)) expect(ours[Number(j)]).toBeCloseTo(score, 8)
  })
})
