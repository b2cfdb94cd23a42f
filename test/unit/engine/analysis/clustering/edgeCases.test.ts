import { describe, expect, test } from 'vitest'
import { openAssigner } from '#engine/analysis/clustering/assign/assigner.ts'
import { clusterings } from '#engine/analysis/clustering/registry.ts'
import { methodIn } from '#engine/analysis/methods/define.ts'
import { randomStream } from '#engine/analysis/random.ts'
import { chooseK } from '#engine/analysis/validity/chooseK.ts'

interface Rows {
  readonly X: Float32Array
  readonly n: number
  readonly d: number
  readonly k: number
}

const random = randomStream(7, 'rows')
const rows = (n: number, d: number, k: number, value: (i: number, j: number) => number): Rows => ({
  X: Float32Array.from({ length: n * d }, (_, at) => value(Math.floor(at / d), at % d)),
  n,
  d,
  k,
})
/** Three groups of twenty rows. */
const groups = (unit = 1, from = 0): Rows => rows(60, 2, 3, (i) => unit * (from + (i % 3) * 5 + random.uniform()))

const threeGroups: Record<string, Rows> = {
  'one column': rows(60, 1, 3, (i) => (i % 3) * 5 + random.uniform()),
  'constant columns': rows(60, 3, 3, (i, j) => (j === 1 ? (i % 3) * 5 + random.uniform() : 4)),
  'numbers whose squares floats do not hold': groups(1e30),
  'numbers next to the largest': rows(60, 2, 3, (i) => ((i % 3) - 1) * 3e38 * (1 - 0.01 * random.uniform()) + 1e34 * random.uniform()),
  'numbers whose squares are no floats': groups(1e-30),
  'groups far from the origin': groups(1, 1e5),
}

const refusals: Record<string, Record<string, { code: string; says: RegExp }>> = {
  'numbers whose squares are no floats': {
    'gaussian-mixture': { code: 'PARAMETER_INVALID', says: /added to all variances/ },
  },
}

async function cluster(id: string, { X, n, d, k }: Rows) {
  const method = methodIn(clusterings, id)
  return method.fit(X, n, d, method.params.parse(method.takesK ? { k } : {}), { seed: 1, threads: 1 })
}

describe.each(Object.entries(threeGroups))('%s', (name, given) => {
  test.each(clusterings.map(({ id }) => id))('%s tells three groups apart, or says what to do', async (id) => {
    const refusal = refusals[name]?.[id]
    if (refusal) {
      await expect(cluster(id, given)).rejects.toMatchObject({ code: refusal.code, message: expect.stringMatching(refusal.says) })
      return
    }
    const found = await cluster(id, given)
    expect(found.k).toBe(3)
    const group = [0, 1, 2].map((g) => found.labels[g])
    expect(new Set(group).size).toBe(3)
    expect([...found.labels]).toEqual(Array.from(found.labels, (_, i) => group[i % 3]))
    for (const value of [...found.centres, ...Object.values(found.figures)]) expect(Number.isFinite(value)).toBe(true)
    if (!found.assigner) return
    const again = new Int32Array(given.n)
    openAssigner(found.assigner)(given.X, given.n, again)
    expect(again).toEqual(found.labels)
  })

  test('the number of clusters is three', async () => {
    const { X, n, d } = given
    const { k, curve } = await chooseK(X, n, d, { kMax: 6, criteria: ['bic'], seed: 1 })
    expect(k).toBe(3)
    for (const { inertia, bic } of curve) expect([inertia, bic].every((value) => Number.isFinite(value))).toBe(true)
  })
})

describe('more classes than different rows', () => {
  const given = rows(30, 2, 6, (i) => i % 3)

  test.each(['k-means', 'mini-batch k-means', 'gaussian-mixture', 'ward'])('%s keeps equal rows together', async (id) => {
    const { labels, centres } = await cluster(id, given)
    expect([...labels]).toEqual(Array.from(labels, (_, i) => labels[i % 3]))
    expect(new Set(labels)).toEqual(new Set([0, 1, 2]))
    expect(centres.every((value) => Number.isFinite(value))).toBe(true)
  })
})

describe('rows that are all equal', () => {
  const given = rows(40, 2, 3, () => 0.1)

  test.each(['k-means', 'mini-batch k-means', 'gaussian-mixture', 'ward'])('%s: one class', async (id) => {
    expect(new Set((await cluster(id, given)).labels)).toEqual(new Set([0]))
  })

  test('hdbscan finds no group that is denser than others; leiden asks for rows that differ', async () => {
    expect((await cluster('hdbscan', given)).k).toBe(0)
    await expect(cluster('leiden', given)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE', hint: expect.stringContaining('rows') })
  })

  test('are one class where the number of clusters is left open', async () => {
    const found = await chooseK(given.X, given.n, given.d, { kMax: 4, criteria: 'all', seed: 1 })
    expect(found).toEqual({ k: 1, curve: [], recommendations: [], reason: 'All rows are alike.' })
  })
})

describe('few rows', () => {
  const three = rows(3, 2, 2, (i) => i * i)

  test.each(['k-means', 'mini-batch k-means', 'gaussian-mixture', 'ward'])('%s: of three the odd one is alone', async (id) => {
    expect([...(await cluster(id, three)).labels]).toEqual([0, 0, 1])
  })

  test.each(['k-means', 'mini-batch k-means', 'gaussian-mixture', 'ward'])('%s: two classes of one row are refused', async (id) => {
    await expect(
      cluster(
        id,
        rows(1, 2, 2, () => 1),
      ),
    ).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: '2 clusters were asked for, and there is 1 usable row.',
      where: { parameter: 'k' },
    })
  })

  test('hdbscan says how many rows a cluster has to have', async () => {
    await expect(cluster('hdbscan', three)).rejects.toMatchObject({ code: 'DATA_UNSUITABLE', where: { parameter: 'minClusterSize' } })
  })

  test.each([
    [1, 1, []],
    [2, 1, []],
    [3, 2, [2]],
  ])('a number of clusters is found among %i rows', async (n, wanted, compared) => {
    const { k, curve } = await chooseK(three.X, n, 2, { criteria: 'all', seed: 1 })
    expect(k).toBe(wanted)
    expect(curve.map((of) => of.k)).toEqual(compared)
  })
})

test.each(clusterings.filter(({ takesK }) => takesK).map(({ id }) => id))('%s: one class is refused by its parameters', (id) => {
  expect(methodIn(clusterings, id).params.safeParse({ k: 1 }).success).toBe(false)
})

test.each(clusterings.map(({ id }) => id))('%s gives rows without data class 0, and others theirs', async (id) => {
  const { assigner, labels } = await cluster(id, groups())
  if (!assigner) return
  const classes = new Int32Array(2).fill(9)
  openAssigner(assigner)(Float32Array.of(Number.NaN, Number.NaN, 0.5, 0.5), 2, classes)
  expect([...classes]).toEqual([0, labels[0]])
})
