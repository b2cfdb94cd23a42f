import { expect, test } from 'vitest'
import { FiringLists } from '#engine/analysis/reports/features/partners.ts'

test('partners by Jaccard index, by hand', async () => {
  // Feature 0 on rows a b c d, 1 on a b, 2 on c, 3 on e: J(0,1) = 2/4, J(0,2) = 1/4, all others 0.
  const lists = new FiringLists(5, 2)
  for (const fired of [[0, 1], [0, 1], [0, 2], [0], [3]]) lists.add(fired, fired.length)
  const { partner, both, rows } = await lists.partners(2)
  expect(lists.rows).toBe(5)
  expect([...rows]).toEqual([4, 2, 1, 1, 0])
  expect([...partner]).toEqual([1, 2, 0, -1, 0, -1, -1, -1, -1, -1])
  expect([...both]).toEqual([2, 1, 2, 0, 1, 0, 0, 0, 0, 0])
})

test('only the strongest partners are kept, the smaller number first among equals', async () => {
  const lists = new FiringLists(4, 100)
  lists.add([0, 1, 2, 3], 4)
  const { partner } = await lists.partners(2)
  expect([...partner]).toEqual([1, 2, 0, 2, 0, 1, 0, 1])
})

test('counts equal those of a table of all pairs', async () => {
  const [M, n] = [12, 300]
  const fires = (row: number, f: number): boolean => (row * 31 + f * f * 17 + ((row * f) % 7)) % 5 < 2
  const lists = new FiringLists(M, 16)
  for (let row = 0; row < n; row++) {
    const fired = Array.from({ length: M }, (_, f) => f).filter((f) => fires(row, f))
    lists.add(fired, fired.length)
  }
  const { partner, both } = await lists.partners(M - 1)
  for (let f = 0; f < M; f++)
    for (let p = 0; p < M - 1; p++) {
      const other = partner[f * (M - 1) + p]
      if (other < 0) continue
      const together = Array.from({ length: n }, (_, row) => row).filter((row) => fires(row, f) && fires(row, other)).length
      expect(both[f * (M - 1) + p]).toBe(together)
    }
})

test('a cancelled count ends', async () => {
  const lists = new FiringLists(2, 1)
  for (let row = 0; row < 4000; row++) lists.add([0, 1], 2)
  // So little work ends before it looks; many features along long rows look on the way.
  await expect(lists.partners(1, AbortSignal.abort())).resolves.toBeDefined()
  const wide = new FiringLists(600, 1)
  for (let row = 0; row < 100; row++)
    wide.add(
      Array.from({ length: 600 }, (_, f) => f),
      600,
    )
  await expect(wide.partners(1, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
})
