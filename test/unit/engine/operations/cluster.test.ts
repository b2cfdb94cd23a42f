/** Clustering the codes of a small table by every method, within a selection, from a sample, and with rows that no class wants. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { clusterings } from '#engine/analysis/clustering/registry.ts'
import { silhouette } from '#engine/analysis/validity/silhouette.ts'
import { legendOf } from '#engine/operations/export/legend.ts'
import { clusterOperation } from '#engine/operations/cluster.ts'
import { openWorkbench, type Workbench } from '../../../helpers/workbench.ts'
import { writeTable } from '../../../helpers/tableFile.ts'

/** One project for all tests: what is clustered is the same. */
const folder = mkdtempSync(join(tmpdir(), 'stratum-cluster-'))
const rows = 1500
let bench: Workbench
let dataset: Artifact
let latents: Artifact

beforeAll(async () => {
  bench = openWorkbench(join(folder, 'p'))
  dataset = await bench.compute('import', {}, { path: writeTable(join(folder, 't.csv'), rows) })
  const matrix = await bench.compute('prepare', { dataset: dataset.id })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 3 } })
  latents = await bench.compute('encode', { model: model.id, dataset: dataset.id })
})
afterAll(async () => {
  await bench.close()
  rmSync(folder, { recursive: true })
})

async function cluster(params: Record<string, unknown>, seed = 7) {
  const artifact = await bench.compute('cluster', { latents: latents.id }, params, seed)
  const meta = artifact.meta as unknown as ClusteringMeta
  const read = (name: string) => bench.project.array(artifact.id, name)
  return { artifact, meta, read, labels: read('labels').read(0, rows) as Uint16Array }
}

const countOf = (labels: Uint16Array, id: number): number => labels.reduce((count, label) => count + (label === id ? 1 : 0), 0)

test.each(clusterings.map(({ id, takesK }) => [id, takesK] as const))(
  '%s gives every row a class, largest first',
  async (method, takesK) => {
    const { meta, labels, read } = await cluster({
      method,
      nInit: 2,
      ...(takesK && { k: 4 }),
      ...(method === 'hdbscan' && { minClusterSize: 20 }),
    })
    if (takesK) expect(meta.k).toBe(4)
    expect(meta.method).toBe(method)
    expect(meta.classes.length - meta.k).toBe(meta.classes.some(({ isNoise }) => isNoise) ? 1 : 0)
    for (const { id, rows: size } of meta.classes) expect(size).toBe(countOf(labels, id))
    expect(meta.classes.reduce((sum, { rows: size }) => sum + size, 0)).toBe(rows)
    const sizes = meta.classes.slice(0, meta.k).map(({ rows: size }) => size)
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    expect(read('centres').shape).toEqual([meta.k, 3])
    expect(meta.inertia).toBeGreaterThan(0)
    expect(meta.fitRows).toBeUndefined()
  },
)

describe('noise', () => {
  test('is the class after the last one, in the summary, the labels and the legend; membership is 0 there', async () => {
    const { artifact, meta, labels, read } = await cluster({
      method: 'hdbscan',
      minClusterSize: 15,
      minSamples: 10,
      clusterSelection: 'leaf',
    })
    const noise = meta.classes.at(-1)
    expect(noise).toMatchObject({ id: meta.k + 1, isNoise: true })
    expect(legendOf(artifact).at(-1)?.name).toBe('Noise')
    const membership = read('membership').read(0, rows) as Float32Array
    for (let i = 0; i < rows; i++) expect(membership[i] === 0).toBe(labels[i] === meta.k + 1)
    expect(meta.figures?.noiseShare).toBeCloseTo((noise?.rows ?? 0) / rows, 12)
    expect(meta.tree).toMatchObject({ kind: 'condensed' })
  })
  test('has no say in the silhouette', async () => {
    const { meta, labels } = await cluster({ method: 'hdbscan', minClusterSize: 15, minSamples: 10, clusterSelection: 'leaf' })
    const codes = bench.project.array(latents.id, 'codes').read(0, rows) as Float32Array
    const classed = [...labels.keys()].filter((i) => labels[i] <= meta.k)
    const X = Float32Array.from(classed.flatMap((i) => [...codes.subarray(3 * i, 3 * i + 3)]))
    const own = Int32Array.from(classed, (i) => labels[i] - 1)
    expect(classed.length).toBeLessThan(rows)
    expect(meta.silhouette).toBeCloseTo((await silhouette(X, classed.length, 3, own, meta.k, { sample: 2000, seed: 7 })) as number, 10)
  })
  test('can be tidied away nowhere but in a scene, and compared like a class', async () => {
    const { artifact } = await cluster({ method: 'hdbscan', minClusterSize: 15, minSamples: 10, clusterSelection: 'leaf' })
    await expect(bench.compute('tidy', { clustering: artifact.id })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  })
})

test('the tree of Ward is kept in arrays whose leaves are the rows', async () => {
  const { meta, read, labels } = await cluster({ method: 'ward', k: 3 })
  expect(meta.tree).toEqual({ kind: 'ward', leaves: rows })
  expect(read('tree/children').shape).toEqual([rows - 1, 2])
  expect(read('tree/size').read(2 * rows - 2, 2 * rows - 1)[0]).toBe(rows)
  expect([...read('tree/class').read(0, rows)]).toEqual([...labels])
})

test('a tree cut at a height is named by no k', async () => {
  const { artifact, meta } = await cluster({ method: 'ward', cutHeight: 20 })
  expect(artifact.name).toBe('Ward tree')
  expect(meta.chosenBecause).toContain('20')
  expect(meta.kCurve).toEqual([])
})

describe('within a selection', () => {
  test('rows outside have no class, and the others are clustered as if they were all', async () => {
    const whole = await cluster({ k: 3 })
    const within = { dataset: dataset.id, all: [{ kind: 'classes', artifact: whole.artifact.id, classes: [1, 2] }] }
    const part = await cluster({ k: 2, within })
    for (let i = 0; i < rows; i++) expect(part.labels[i] === 0).toBe(whole.labels[i] === 3)
    expect(part.meta.validRows).toBe(whole.meta.classes[0].rows + whole.meta.classes[1].rows)
    expect(part.meta.within).toEqual(within)
    expect(part.artifact.name).toContain('selected rows')
  })
  test('one that no row meets is refused', async () => {
    const within = { dataset: dataset.id, all: [{ kind: 'range', artifact: latents.id, array: 'codes', unit: 0, from: 1e6, to: null }] }
    await expect(cluster({ k: 2, within })).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
  })
})

test.each(clusterings.filter(({ takesK }) => takesK).map(({ id }) => id))(
  '%s of two rows is one class where k is left open',
  async (method) => {
    const within = { dataset: dataset.id, all: [{ kind: 'rows', rows: [3, 700] }] }
    const { meta, labels } = await cluster({ method, within })
    expect(meta).toMatchObject({ k: 1, validRows: 2, kCurve: [], chosenBecause: expect.stringContaining('2 rows are too few') })
    expect([labels[3], labels[700]]).toEqual([1, 1])
  },
)

describe('from a sample', () => {
  test.each(clusterings.map(({ id }) => id))('%s assigns the rows that it did not learn from', async (method) => {
    const { meta, labels } = await cluster({
      method,
      nInit: 2,
      fitRows: 1000,
      ...(method === 'hdbscan' ? { minClusterSize: 30 } : { k: 3 }),
    })
    expect(meta.fitRows).toBeGreaterThan(900)
    expect(meta.fitRows).toBeLessThan(1100)
    expect(meta.classes.reduce((sum, { rows: size }) => sum + size, 0)).toBe(rows)
    expect(countOf(labels, 0)).toBe(0)
  })
  test('k-means goes on over every row where it is asked to, and ends where k-means of all rows ends', async () => {
    const all = await cluster({ k: 3, nInit: 3 })
    const streamed = await cluster({ k: 3, nInit: 3, fitRows: 1000, everyRow: true })
    expect(streamed.meta.inertia / all.meta.inertia).toBeCloseTo(1, 3)
    expect(streamed.meta.figures?.passesOverAllRows).toBeGreaterThan(0)
    expect(streamed.meta.fitRows).toBeUndefined()
  })
})

test('the key holds what the method reads and nothing else', () => {
  const keyOf = (given: Record<string, unknown>) => clusterOperation.keyed?.(clusterOperation.params.parse(given) as never)
  expect(keyOf({ method: 'k-means', k: 5, minClusterSize: 30 })).toEqual(keyOf({ method: 'k-means', k: 5 }))
  expect(keyOf({ method: 'hdbscan', k: 5 })).toEqual(keyOf({ method: 'hdbscan' }))
  expect(keyOf({ method: 'hdbscan', minClusterSize: 30 })).not.toEqual(keyOf({ method: 'hdbscan' }))
})
