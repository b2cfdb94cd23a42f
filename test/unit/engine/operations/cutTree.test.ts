/** Cutting the trees of one small table elsewhere, and looking at their branches. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { openSelection } from '#engine/data/selection.ts'
import { storedTree } from '#engine/data/storedTree.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { openWorkbench, type Workbench } from '../../../helpers/workbench.ts'
import { writeTable } from '../../../helpers/tableFile.ts'

const folder = mkdtempSync(join(tmpdir(), 'stratum-cut-'))
const rows = 1200
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

const cluster = (params: Record<string, unknown>): Promise<Artifact> => bench.compute('cluster', { latents: latents.id }, params)
const cut = (clustering: Artifact, params: Record<string, unknown>): Promise<Artifact> =>
  bench.compute('cut-tree', { clustering: clustering.id }, params)
const labelsOf = ({ id }: Artifact): number[] => [...bench.project.array(id, 'labels').read(0, rows)]
const metaOf = ({ meta }: Artifact): ClusteringMeta => meta as unknown as ClusteringMeta
const small = { method: 'hdbscan', minClusterSize: 15, minSamples: 10 }

test('a tree of Ward cut elsewhere gives what clustering with that k gives, under a name that says so', async () => {
  const three = await cluster({ method: 'ward', k: 3 })
  const made = await cut(three, { by: 'clusters', clusters: 6 })
  expect(labelsOf(made)).toEqual(labelsOf(await cluster({ method: 'ward', k: 6 })))
  expect(labelsOf(await cut(three, { by: 'clusters', clusters: 3 }))).toEqual(labelsOf(three))
  expect(made.name).toBe('Ward tree, cut into 6')
  expect(metaOf(made)).toMatchObject({ k: 6, edited: { from: three.id, what: 'cut into 6' }, tree: { kind: 'ward' } })
  // From there again, and back.
  const back = await cut(made, { by: 'clusters', clusters: 3 })
  expect(labelsOf(back)).toEqual(labelsOf(three))
  expect(back.name).toMatch(/^Ward tree, cut into 3( 2)?$/)
  expect([...storedTree(bench.project, back).leafClass]).toEqual(labelsOf(three))
})

test('rows that were not learned from are cut with the rows they lie beside', async () => {
  const sampled = { method: 'ward', fitRows: 1000 }
  const made = await cluster({ ...sampled, k: 4 })
  expect(labelsOf(await cut(made, { by: 'clusters', clusters: 4 }))).toEqual(labelsOf(made))
  const dense = await cluster({ ...small, fitRows: 1000 })
  expect(labelsOf(await cut(dense, { by: 'eom' }))).toEqual(labelsOf(dense))
})

test('a density tree gives its leaves, or what is denser than a distance, and noise stays last', async () => {
  const lasting = await cluster(small)
  const leaves = await cut(lasting, { by: 'leaf' })
  const expected = await cluster({ ...small, clusterSelection: 'leaf' })
  expect(labelsOf(leaves)).toEqual(labelsOf(expected))
  expect(leaves.name).toMatch(/^HDBSCAN( 2)?, leaves$/)
  const { height } = storedTree(bench.project, lasting)
  const dense = await cut(lasting, { by: 'height', height: (height[0] as number) * 0.99 })
  const { k, classes } = metaOf(dense)
  expect(classes.at(-1)).toMatchObject({ id: k + 1, isNoise: true })
  expect(classes.reduce((sum, one) => sum + one.rows, 0)).toBe(rows)
  const sizes = classes.slice(0, k).map((one) => one.rows)
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
})

test('a class that stays what it was keeps its name and colour, and a part of one says whose', async () => {
  const three = await cluster({ method: 'ward', k: 3 })
  bench.project.annotate(three.id, { legend: [1, 2, 3].map((id) => ({ id, name: `Bed ${'ABC'[id - 1]}`, colour: '#112233' })) })
  const four = await cut(bench.project.artifact(three.id), { by: 'clusters', clusters: 4 })
  const names = four.annotations.legend?.map(({ name }) => name).sort() ?? []
  expect(names.filter((name) => /^Bed [ABC]$/.test(name))).toHaveLength(3)
  expect(names.filter((name) => /^Bed [ABC] 2$/.test(name))).toHaveLength(1)
  const two = await cut(bench.project.artifact(three.id), { by: 'clusters', clusters: 2 })
  expect(two.annotations.legend?.some(({ name }) => name.includes(' + '))).toBe(true)
})

test('rows under a branch are those of its leaves', async () => {
  const three = await cluster({ method: 'ward', k: 3 })
  const { size, leaves, holder } = storedTree(bench.project, await cut(three, { by: 'clusters', clusters: 6 }))
  expect(holder?.id).toBe(three.id)
  for (const node of [leaves + 700, leaves + rows - 3]) {
    const open = openSelection(bench.project, { dataset: dataset.id, all: [{ kind: 'branch', artifact: three.id, node }] })
    expect(await open.count()).toMatchObject({ rows: size[node] })
  }
})

test('what has no tree, or cannot be cut so, is refused', async () => {
  const means = await cluster({ method: 'k-means', k: 3, nInit: 1 })
  await expect(cut(means, { by: 'clusters', clusters: 2 })).rejects.toMatchObject({ code: 'ARTIFACT_KIND' })
  const three = await cluster({ method: 'ward', k: 3 })
  await expect(cut(three, { by: 'leaf' })).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  await expect(cut(three, {})).rejects.toMatchObject({ code: 'PARAMETER_INVALID', where: { parameter: 'clusters' } })
})

test('a tree of an older project, which kept no rows, still opens and says what to do instead of being cut', async () => {
  const three = await cluster({ method: 'ward', k: 3 })
  const draft = bench.project.beginDraft(newArtifact({ kind: 'clustering', name: 'Old tree', contentKey: 'old' }), { latents: latents.id })
  for (const { name, dtype, shape } of three.arrays.filter(({ name }) => !name.startsWith('tree/node'))) {
    const writer = draft.writeArray(name, { dtype, shape })
    writer.append(bench.project.array(three.id, name).read(0, shape[0]))
    writer.finish()
  }
  const old = draft.finish(three.meta, 1)
  expect(storedTree(bench.project, old)).toMatchObject({ leaves: rows, holder: null })
  expect(metaOf(await bench.compute('merge-classes', { clustering: old.id }, { groups: [[1, 2]] })).k).toBe(2)
  await expect(cut(old, { by: 'clusters', clusters: 4 })).rejects.toMatchObject({
    code: 'ARTIFACT_KIND',
    hint: expect.stringContaining('Run the same clustering again'),
  })
  const branch = { dataset: dataset.id, all: [{ kind: 'branch' as const, artifact: old.id, node: rows }] }
  expect(() => openSelection(bench.project, branch)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('Run the same clustering again') }),
  )
})
