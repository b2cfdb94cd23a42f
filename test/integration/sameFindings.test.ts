/**
 * The same seed gives the same findings, whatever the number of threads: every clustering, plane, score and comparison that is registered.
 * What threads do with many rows is tested where they are used (k-means, neighbours, planes).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { clusterings } from '#engine/analysis/clustering/registry.ts'
import { embeddings } from '#engine/analysis/embedding/registry.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { scoreMethods } from '#engine/operations/score/methods.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const [rows, columns, kinds] = [2000, 5, 4]
const folder = mkdtempSync(join(tmpdir(), 'stratum-same-'))

function table(): string {
  const random = randomStream(11, 'kinds')
  const lines = [[...Array.from({ length: columns }, (_, j) => `c${j}`), 'kind', 'odd'].join(',')]
  for (let i = 0; i < rows; i++) {
    const kind = random.below(kinds)
    const odd = random.uniform() < 0.02
    const values = Array.from({ length: columns }, (_, j) => {
      const normal = random.uniform() + random.uniform() + random.uniform() + random.uniform() - 2
      return (normal * (odd ? 6 : 1) + 2 * Math.cos(kind * (j + 1))).toFixed(3)
    })
    lines.push(`${values.join(',')},k${kind},${Number(odd)}`)
  }
  return `${lines.join('\n')}\n`
}

interface Side extends Workbench {
  readonly latents: Artifact
}

async function open(threads: number): Promise<Side> {
  const bench = openWorkbench(join(folder, `${threads}.stratum`), { threads })
  const dataset = await bench.compute('import', {}, { path: join(folder, 'kinds.csv') })
  const names = Array.from({ length: columns }, (_, j) => `c${j}`)
  const matrix = await bench.compute('prepare', { dataset: dataset.id }, { columns: names })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'vae', settings: { codeSize: 3, encoder: [8], epochs: 4 } })
  return { ...bench, latents: await bench.compute('encode', { model: model.id }) }
}

const chunks = `
  SELECT array.name, chunk.i, chunk.crc, hex(chunk.blob) AS bytes
  FROM array JOIN chunk ON chunk.array = array.id WHERE array.artifact = ? ORDER BY array.name, chunk.i`

/** Every stored piece of it, and what is said of it. */
function contents({ project }: Side, { id, meta }: Artifact): { meta: unknown; stored: unknown } {
  const file = new Database(project.path, { readonly: true })
  try {
    return { meta, stored: file.prepare(chunks).all(id) }
  } finally {
    file.close()
  }
}

let [one, three]: Side[] = []
beforeAll(async () => {
  writeFileSync(join(folder, 'kinds.csv'), table())
  one = await open(1)
  three = await open(3)
})
afterAll(async () => {
  await one.close()
  await three.close()
  rmSync(folder, { recursive: true })
})

async function expectSame(operation: string, params: Record<string, unknown>): Promise<[Artifact, Artifact]> {
  const first = await one.compute(operation, { latents: one.latents.id }, params)
  const second = await three.compute(operation, { latents: three.latents.id }, params)
  expect(contents(three, second)).toEqual(contents(one, first))
  return [first, second]
}

test.each(clusterings.map(({ id }) => id))('classes by %s are the same on one and on three threads', async (method) => {
  const [first, second] = await expectSame('cluster', { method, k: 4, nInit: 2 })
  const judged = await one.compute('evaluate', { first: first.id }, { labels: 'kind' })
  const again = await three.compute('evaluate', { first: second.id }, { labels: 'kind' })
  expect(contents(three, again)).toEqual(contents(one, judged))
})

test('every criterion for k says the same', async () => {
  await expectSame('cluster', { method: 'k-means', kMax: 4, criteria: 'all', chooseBy: 'all', nInit: 2 })
})

test.each(embeddings.map(({ id }) => id))('the plane by %s is the same', async (method) => {
  await expectSame('embed', { method, passes: 40, iterations: 100 })
})

test.each(scoreMethods.map(({ id }) => id).filter((id) => id !== 'local-rx'))('scores by %s are the same', async (method) => {
  await expectSame('score', { method })
})
