/** Embedding codes of a small table, as an operation and through the calls of the window. */
import { describe, expect, test } from 'vitest'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import { estimatePlane } from '#engine/service/planeEstimate.ts'
import { jobPicture, readEmbedding } from '#engine/service/embeddings.ts'
import { classedScene } from '../../../helpers/classedScene.ts'
import { openWorkbench } from '../../../helpers/workbench.ts'
import { writeTable } from '../../../helpers/tableFile.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

async function withCodes() {
  const bench = openWorkbench(folder.file('p'))
  const dataset = await bench.compute('import', {}, { path: writeTable(folder.file('t.csv')) })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 3 } })
  const latents = await bench.compute('encode', { model: model.id, dataset: dataset.id })
  return { bench, latents }
}

describe('embed', () => {
  test('lays all rows out, says how well, and gives the points to the window', async () => {
    const { bench, latents } = await withCodes()
    const embedding = await bench.compute('embed', { latents: latents.id })
    const meta = embedding.meta as unknown as EmbeddingMeta
    expect(meta).toMatchObject({ method: 'pca', title: 'PCA', latents: latents.id, rows: meta.validRows })
    expect(meta.figures.trustworthiness).toBeGreaterThan(0.5)
    expect(meta.figures.explainedByFirst).toBeGreaterThanOrEqual(meta.figures.explainedBySecond as number)
    const clustering = await bench.compute('cluster', { latents: latents.id }, { k: 3 })
    const points = readEmbedding(bench.project, { embedding: embedding.id, count: 1000, clustering: clustering.id })
    expect(points.n).toBe(meta.rows)
    expect(points.plane).toEqual(bench.project.array(embedding.id, 'plane').read(0, meta.rows))
    expect(points.labels).toEqual(bench.project.array(clustering.id, 'labels').read(0, meta.rows))
    const few = readEmbedding(bench.project, { embedding: embedding.id, count: 10 })
    expect(few.n).toBe(10)
    for (const [i, row] of few.rows.entries()) expect(few.plane[2 * i]).toBe(points.plane[2 * points.rows.indexOf(row)])
    await bench.close()
  })

  const scene = (path: string, labelOf: (row: number) => number) => {
    const bench = openWorkbench(path)
    const labels = Array.from({ length: 400 }, (_, i) => labelOf(i))
    const codes = Float32Array.from(
      labels.flatMap((label, i) => (label > 0 ? [label * 5 + (i % 7), ((i * i) % 11) + i / 400] : [Number.NaN, Number.NaN])),
    )
    return { bench, ...classedScene(bench.project, { width: 20, height: 20, labels, codes }) }
  }

  test.each(['pca', 'umap', 'tsne'])('leaves out rows without a code: %s', async (method) => {
    const { bench, latents } = scene(folder.file(`nan-${method}`), (i) => (i % 3 === 0 ? 0 : 1 + (i % 2)))
    const embedding = await bench.compute('embed', { latents }, { method, passes: 50, iterations: 50 })
    const rows = bench.project.array(embedding.id, 'rows').read(0, 266)
    expect([...rows]).toEqual(Array.from({ length: 400 }, (_, i) => i).filter((i) => i % 3 > 0))
    expect(bench.project.array(embedding.id, 'plane').read(0, 266).every(Number.isFinite)).toBe(true)
    await bench.close()
  })

  test.each([1, 2])('says so where there are too few rows: %i', async (count) => {
    const { bench, latents } = scene(folder.file(`few-${count}`), (i) => (i < count ? 1 : 0))
    for (const method of ['pca', 'umap', 'tsne'])
      await expect(bench.compute('embed', { latents }, { method })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    await bench.close()
  })

  describe('of more rows than are laid out', () => {
    const codes = (i: number): number[] => [(i % 3) * 10 + Math.sin(i), Math.cos(i * 1.7)]
    const many = (path: string) => {
      const bench = openWorkbench(path)
      const labels = Array.from({ length: 3000 }, (_, i) => (i % 5 === 0 ? 0 : 1 + (i % 3)))
      const X = Float32Array.from(labels.flatMap((label, i) => (label > 0 ? codes(i) : [Number.NaN, Number.NaN])))
      return { bench, ...classedScene(bench.project, { width: 100, height: 30, labels, codes: X }) }
    }
    const valid = Array.from({ length: 3000 }, (_, i) => i).filter((i) => i % 5 > 0)

    test.each(['umap', 'tsne'])(
      'every valid row gets its place, near those it is like, and those laid out keep theirs: %s',
      async (method) => {
        const { bench, latents } = many(folder.file(`many-${method}`))
        const params = { method, passes: 60, iterations: 60, learnRows: 500 }
        const embedding = await bench.compute('embed', { latents }, params)
        const meta = embedding.meta as unknown as EmbeddingMeta
        expect(meta.rows).toBe(2400)
        expect(Math.abs((meta.learnedRows as number) - 500)).toBeLessThan(120)
        const rows = bench.project.array(embedding.id, 'rows').read(0, 2400)
        expect([...rows]).toEqual(valid)
        expect(bench.project.array(embedding.id, 'plane').read(0, 2400).every(Number.isFinite)).toBe(true)
        expect(meta.figures.trustworthiness).toBeGreaterThan(0.9)
        await bench.close()
      },
    )

    test('fewer are shown where fewer are wanted, those laid out among them', async () => {
      const { bench, latents } = many(folder.file('fewer'))
      const both = { method: 'umap', passes: 20, learnRows: 200 }
      const read = async (rows: number | null) => {
        const { id, meta } = await bench.compute('embed', { latents }, { ...both, rows })
        const { rows: n } = meta as unknown as EmbeddingMeta
        const plane = bench.project.array(id, 'plane').read(0, n) as Float32Array
        return {
          n,
          places: new Map([...bench.project.array(id, 'rows').read(0, n)].map((row, i) => [row, [plane[2 * i], plane[2 * i + 1]]])),
        }
      }
      const [all, some] = [await read(null), await read(1000)]
      expect(all.n).toBe(2400)
      expect(Math.abs(some.n - 1000)).toBeLessThan(150)
      // Whatever a row is placed with, it comes to lie at the same place.
      for (const [row, place] of some.places) expect(all.places.get(row)).toEqual(place)
      await bench.close()
    })

    test('only those laid out remain where that is enough', async () => {
      const { bench, latents } = many(folder.file('enough'))
      const job = bench.runner.run({ operation: 'embed', inputs: { latents }, params: { method: 'umap', passes: 10_000, learnRows: 500 } })
      setTimeout(() => job.cancel(true), 300)
      const meta = (await job.finished).meta as unknown as EmbeddingMeta
      expect(Math.abs(meta.rows - 500)).toBeLessThan(120)
      expect(meta.learnedRows).toBeUndefined()
      await bench.close()
    })
  })

  test('is told a price beforehand, which grows with rows, and an earlier plane says it best', async () => {
    const { bench, latents } = await withCodes()
    const place = { project: bench.project, isBusy: false, signal: new AbortController().signal, threads: 1 }
    const priceOf = (params: Record<string, unknown>, its = place) => estimatePlane({ latents: latents.id, params }, its)
    const few = await priceOf({ method: 'umap', learnRows: 100 })
    const all = (latents.meta as { validRows?: number }).validRows as number
    expect(few).toMatchObject({ rows: all, learnedRows: 100, basis: 'probe' })
    expect(few.seconds).toBeGreaterThan(0)
    const [pca, umap, tsne] = await Promise.all(['pca', 'umap', 'tsne'].map((method) => priceOf({ method })))
    expect(umap).toMatchObject({ rows: all, learnedRows: all })
    expect(umap!.memoryBytes).toBeGreaterThan(pca!.memoryBytes)
    expect(tsne!.memoryBytes).toBeGreaterThan(umap!.memoryBytes)
    expect(await priceOf({ method: 'umap' }, { ...place, isBusy: true })).toMatchObject({ seconds: null, basis: null })
    const made = await bench.compute('embed', { latents: latents.id }, { method: 'umap', passes: 1500 })
    const again = await priceOf({ method: 'umap', passes: 1500 })
    expect(again.basis).toBe('earlier run')
    expect(again.seconds! / made.seconds!).toBeCloseTo(1, 3)
    expect((await priceOf({ method: 'umap', passes: 500 })).seconds! / made.seconds!).toBeLessThan(0.9)
    await bench.close()
  })

  test('shows nothing once it has ended', async () => {
    const { bench, latents } = await withCodes()
    const job = bench.runner.run({ operation: 'embed', inputs: { latents: latents.id } })
    await job.finished
    expect(jobPicture(job, 100)).toBeNull()
    await bench.close()
  })
})
