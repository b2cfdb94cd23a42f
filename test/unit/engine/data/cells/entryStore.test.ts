import { afterEach, describe, expect, it } from 'vitest'
import { EntryStore } from '../../../../../src-main/engine/data/cells/entryStore.ts'
import { uniqueNames, valueKind } from '../../../../../src-main/engine/data/cells/rowMatrix.ts'

const stores: EntryStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

/** Entry i of `n` in an order that visits every row again and again, or row after row. */
async function filled(rows: number, columns: number, n: number, ordered: boolean): Promise<EntryStore> {
  const store = new EntryStore(rows)
  stores.push(store)
  const block = 300_000
  for (let from = 0; from < n; from += block) {
    const size = Math.min(block, n - from)
    const entries = { rows: new Uint32Array(size), columns: new Uint32Array(size), values: new Float32Array(size), n: size }
    for (let i = 0; i < size; i++) {
      const at = from + i
      entries.rows[i] = ordered ? Math.floor((at * rows) / n) : (at * 7919) % rows
      entries.columns[i] = (at * 31) % columns
      entries.values[i] = (at % 5) + 1
    }
    await store.add(entries)
  }
  await store.finish()
  return store
}

function expected(rows: number, columns: number, n: number, ordered: boolean, from: number, to: number): Float32Array {
  const X = new Float32Array((to - from) * columns)
  for (let at = 0; at < n; at++) {
    const row = ordered ? Math.floor((at * rows) / n) : (at * 7919) % rows
    if (row >= from && row < to) X[(row - from) * columns + ((at * 31) % columns)] += (at % 5) + 1
  }
  return X
}

describe('entries in any order', () => {
  it.each([
    ['in memory', 100, 1000, false],
    ['in memory, by rows', 100, 1000, true],
    ['on disk, by rows', 1000, 5_000_000, true],
    ['on disk, in stretches of rows', 1000, 5_000_000, false],
  ])('come back by rows: %s', async (_, rows, n, ordered) => {
    const store = await filled(rows, 40, n, ordered)
    expect(store.size).toBe(n)
    for (const [from, to] of [
      [0, 3],
      [rows / 2 - 2, rows / 2 + 3],
      [rows - 2, rows],
    ] as const) {
      const X = new Float32Array((to - from) * 40)
      await store.addRows(from, to, X, 40, null)
      expect(X).toEqual(expected(rows, 40, n, ordered, from, to))
    }
  })

  it('leave out the columns that are not wanted', async () => {
    const store = await filled(10, 4, 100, false)
    const X = new Float32Array(10)
    await store.addRows(0, 10, X, 1, Int32Array.of(-1, -1, 0, -1))
    expect(X).toEqual(expected(10, 4, 100, false, 0, 10).filter((_, i) => i % 4 === 2))
  })
})

describe('a sample of values', () => {
  it.each([
    [[1, 2, 40], 'counts'],
    [[0.5, 2.25], 'log-normalised'],
    [[0.5, 4000.25], 'normalised'],
    [[-1, 2], 'scaled'],
    [[Number.NaN], 'empty'],
  ])('%j is %s', (sample, kind) => expect(valueKind(sample)).toBe(kind))
})

it('names that come twice are made unique without taking one that is there', () => {
  expect(uniqueNames(['a', 'b', 'a', 'a-1', 'a'])).toEqual({ names: ['a', 'b', 'a-2', 'a-1', 'a-3'], changed: 2 })
})
