import { afterEach, expect, test, vi } from 'vitest'
import type { Clustering } from '#engine/analysis/clustering/define.ts'
import { codesWithin, countValid } from '#engine/operations/cluster/codes.ts'
import { type LabellingProgress, labelRows } from '#engine/operations/cluster/labelRows.ts'
import type { ArrayReader } from '#engine/project/project.ts'

afterEach(() => vi.restoreAllMocks())

const signal = new AbortController().signal
const none = Number.NaN

function reader(values: readonly number[], chunkRows = 3): ArrayReader {
  const all = Float32Array.from(values)
  return {
    dtype: 'float32',
    shape: [values.length, 1],
    chunkRows,
    read: (from, to) => all.slice(from, to),
    readInto: (from, to, into) => into.set(all.subarray(from, to)),
  }
}

/** Below 0 class 0, up to 10 class 1, beyond noise. */
const found: Clustering = {
  k: 2,
  labels: Int32Array.of(0, -1),
  membership: Float32Array.of(0.9, 0),
  centres: Float32Array.of(-1, 5),
  assigner: { kind: 'centres', centres: Float32Array.of(-5, 5, 15), d: 1, classOf: Int32Array.of(0, 1, -1) },
  figures: {},
}
const codes = reader([4, 5, -1, none, 20, 6, 3, -2])
/** Rows 2 and 5 were learned from; the second of them as noise, whatever is assigned to its like. */
const sample = { rows: Float64Array.of(2, 5), codes: Float32Array.of(-1, 6) }

test.each([
  ['kept', 8, { 'Assigning classes': [0, 1], 'Writing classes': [0, 1] }],
  ['assigned a second time', 7, { 'Counting classes': [0, 0.5], 'Assigning classes': [0.5, 1] }],
])(
  'classes are numbered by size over all rows, noise last, rows learned from as they were: labels %s',
  async (_, mostKeptBytes, stages) => {
    const membership: number[] = []
    const labels: number[] = []
    const told: LabellingProgress[] = []
    const labelled = await labelRows({
      codes,
      sample,
      found,
      signal,
      threads: 1,
      report: (progress) => told.push(progress),
      members: (values) => membership.push(...values),
      mostKeptBytes,
    })
    await labelled.eachBlock((from, block) => {
      expect(from).toBe(labels.length)
      labels.push(...block)
    })
    expect(labels).toEqual([1, 1, 2, 0, 3, 3, 1, 2])
    expect([...labelled.sizes]).toEqual([1, 3, 2, 2])
    expect([...labelled.centres]).toEqual([5, -1])
    expect([...labelled.newId]).toEqual([1, 0])
    // (4−5)² + 0 + 0 + (3−5)² + (−2+1)²
    expect(labelled.inertia).toBe(1 + 4 + 1)
    expect(membership.map((value) => Math.round(value * 10))).toEqual([0, 0, 9, none, 0, 0, 0, 0])
    expect([...new Set(told.map(({ stage }) => stage))]).toEqual(Object.keys(stages))
    for (const [stage, [from, to]] of Object.entries(stages)) {
      const its = told.filter((one) => one.stage === stage)
      expect(its.at(-1)).toEqual({ stage, fraction: to, done: 8 })
      for (const { fraction, done } of its) expect(fraction).toBe(from + ((to - from) * done) / 8)
      expect(its.map(({ done }) => done)).toEqual(its.map(({ done }) => done).toSorted((a, b) => a - b))
    }
  },
)

test.each([8, 7])('cancelled while labels are written, it ends: room for %i of 8', async (mostKeptBytes) => {
  const cancelling = new AbortController()
  const given = { codes, sample, found, signal: cancelling.signal, threads: 1, report: () => undefined, mostKeptBytes }
  const labelled = await labelRows(given)
  cancelling.abort()
  await expect(labelled.eachBlock(() => undefined)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('within a block it is told how far labelling is', async () => {
  // A clock by which every question comes a tenth of a second after the last.
  let clock = 0
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 100))
  const rows = 10_000
  const told: number[] = []
  await labelRows({
    codes: reader(
      Array.from({ length: rows }, (_, i) => i % 20),
      rows,
    ),
    sample: { rows: new Float64Array(0), codes: new Float32Array(0) },
    found,
    signal,
    threads: 1,
    report: ({ done }) => told.push(done),
  })
  // Five parts of up to 2048 rows.
  expect([...new Set(told)]).toEqual([2000, 4000, 6000, 8000, rows])
})

test('rows outside a selection read as rows without data', async () => {
  const within = codesWithin(codes, { contains: (from, to) => Uint8Array.from({ length: to - from }, (_, i) => (from + i) % 2) })
  expect([...within.read(0, 8)]).toEqual([none, 5, none, none, none, 6, none, -2])
  const into = new Float32Array(3)
  within.readInto(4, 7, into)
  expect([...into]).toEqual([none, 6, none])
  expect(await countValid(within, signal)).toBe(3)
  expect(await countValid(codes, signal)).toBe(7)
})
