/** Rows placed in a finished plane, against umap-learn; transform.py of test/fixtures/make/neighbours made the figures. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { trustworthiness } from '#engine/analysis/embedding/trustworthiness.ts'
import { tsne } from '#engine/analysis/embedding/tsne.ts'
import { umap } from '#engine/analysis/embedding/umap.ts'
import { aliveThreads } from '../../../../helpers/aliveThreads.ts'
import { digitColumns as d, digitRows, readDigits } from '../../../../helpers/digits.ts'

const reference = JSON.parse(readFileSync(new URL('../../../../fixtures/neighbours/transform.json', import.meta.url), 'utf8')) as {
  readonly digits: { readonly placed: readonly number[]; readonly all: readonly number[] }
}
const threads = aliveThreads()
const run = { seed: 1, threads: 1 }
const params = umap.params.parse({})
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value / values.length, 0)

const { X } = readDigits()
const half = (first: number): Float32Array => {
  const rows = Array.from({ length: Math.ceil((digitRows - first) / 2) }, (_, i) => first + 2 * i)
  const out = new Float32Array(rows.length * d)
  for (const [i, row] of rows.entries()) out.set(X.subarray(row * d, (row + 1) * d), i * d)
  return out
}
const [learned, others] = [half(0), half(1)]
const [n, m] = [learned.length / d, others.length / d]
const { plane } = await umap.fit(learned, n, d, params, run)

async function placed(Y: Float32Array, count: number, its = run, with_ = params): Promise<Float32Array> {
  const placer = await umap.openPlacer!(learned, plane, n, d, with_, its)
  try {
    return (await placer.place(Y, count, {})).slice()
  } finally {
    await placer.close()
  }
}

describe('rows placed by UMAP', () => {
  test('can be trusted as those that umap-learn places', async () => {
    const places = await placed(others, m)
    const all = new Float32Array(2 * digitRows)
    for (let i = 0; i < digitRows; i++) all.set((i % 2 === 0 ? plane : places).subarray(i - (i % 2), i - (i % 2) + 2), 2 * i)
    expect(await trustworthiness(others, places, m, d, { seed: 1 })).toBeGreaterThan(mean(reference.digits.placed) - 0.005)
    expect(await trustworthiness(X, all, digitRows, d, { seed: 1 })).toBeGreaterThan(mean(reference.digits.all) - 0.005)
  })

  test('lie at the same place whatever they are placed with and by how many threads, and at another one with another seed', async () => {
    // So many passes that threads are worth it.
    const long = { ...params, passes: 750 }
    const places = await placed(others, m, run, long)
    for (const count of [2, 4]) expect(await placed(others, m, { ...run, threads: count }, long)).toEqual(places)
    expect(threads.started).toBeGreaterThan(0)
    expect(threads.alive).toBe(0)
    expect(await placed(others.subarray(100 * d, 107 * d), 7, run, long)).toEqual(places.subarray(200, 214))
    expect(await placed(others, m, { ...run, seed: 2 }, long)).not.toEqual(places)
  })

  test('that equal one that was laid out lie where that does', async () => {
    expect(await placed(learned, n)).toEqual(plane)
  })

  test('by angle do not see how long a row is', async () => {
    const byAngle = umap.params.parse({ metric: 'cosine' })
    const longer = others.subarray(0, 50 * d).map((value) => value * 4)
    expect(await placed(longer, 50, run, byAngle)).toEqual(await placed(others, 50, run, byAngle))
  })

  test('among many equal rows, and among rows that are all equal, have a place', async () => {
    const Y = learned.map((value, at) => (at < 500 * d ? 3 : value))
    const { plane: its } = await umap.fit(Y, n, d, { ...params, passes: 30 }, run)
    const placer = await umap.openPlacer!(Y, its, n, d, params, run)
    const places = await placer.place(new Float32Array(3 * d).fill(3, d), 3, {})
    expect(places.every(Number.isFinite)).toBe(true)
    expect([...places.subarray(2, 6)]).toEqual([its[0], its[1], its[0], its[1]])
    await placer.close()
    const same = await umap.openPlacer!(new Float32Array(9 * d), new Float32Array(18), 9, d, params, run)
    expect(await same.place(others, 4, {})).toEqual(new Float32Array(8))
    await same.close()
  })

  test('say so where distances overflow, and end when cancelled', async () => {
    await expect(placed(new Float32Array(d).fill(1e30), 1)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE' })
    const controller = new AbortController()
    const placer = await umap.openPlacer!(learned, plane, n, d, params, { ...run, threads: 2 })
    const work = placer.place(others, m, { signal: controller.signal, report: () => controller.abort() })
    await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
    await placer.close()
    expect(threads.alive).toBe(0)
  })
})

test('rows placed by t-SNE can be trusted as those that UMAP places, and lie at the same place whatever they are placed with', async () => {
  const its = tsne.params.parse({ iterations: 300 })
  const { plane: laidOut } = await tsne.fit(learned, n, d, its, run)
  const open = (count: number) => tsne.openPlacer!(learned, laidOut, n, d, its, { seed: 1, threads: count })
  const one = await open(1)
  const places = (await one.place(others, m, {})).slice()
  const all = new Float32Array(2 * digitRows)
  for (let i = 0; i < digitRows; i++) all.set((i % 2 === 0 ? laidOut : places).subarray(i - (i % 2), i - (i % 2) + 2), 2 * i)
  expect(await trustworthiness(X, all, digitRows, d, { seed: 1 })).toBeGreaterThan(mean(reference.digits.all) - 0.005)
  expect(await one.place(others.subarray(100 * d, 107 * d), 7, {})).toEqual(places.subarray(200, 214))
  expect(await one.place(learned, n, {})).toEqual(laidOut)
  await one.close()
  // So many that threads are worth it.
  const many = new Float32Array(5 * others.length)
  for (let copy = 0; copy < 5; copy++) many.set(others, copy * others.length)
  const two = await open(2)
  const again = await two.place(many, 5 * m, {})
  await two.close()
  for (let copy = 0; copy < 5; copy++) expect(again.subarray(2 * copy * m, 2 * (copy + 1) * m)).toEqual(places)
  expect(threads.alive).toBe(0)
})
