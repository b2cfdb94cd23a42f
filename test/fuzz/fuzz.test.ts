/** Damaged files for every reader: always an answer, soon, and in bounded memory. `node test/fuzz/fuzz.ts` does the same with more of them. */
import { describe, expect, test } from 'vitest'
import { readers } from '#engine/data/readers/registry.ts'
import { hasSharedData } from '../helpers/sharedData.ts'
import { fuzz } from './harness.ts'
import { drawsOf, mutated } from './mutate.ts'
import { seedsByReader } from './seeds.ts'

const seeds = await seedsByReader()
/** About a minute for all readers together. */
const options = { count: 150, seed: 1, hangMs: 60_000, mostMB: 600, keepIn: null }

test('damage is the same for the same seed, and leaves the original alone', () => {
  const original = Uint8Array.from({ length: 5000 }, (_, i) => i % 251)
  const before = original.slice()
  const damaged = (site: string) =>
    Array.from({ length: 50 }, (_, i) => Buffer.from(mutated(original, drawsOf(1, `${site} ${i}`))).toString('hex'))
  expect(damaged('a')).toEqual(damaged('a'))
  expect(damaged('a')).not.toEqual(damaged('b'))
  expect(new Set(damaged('a')).size).toBeGreaterThan(45)
  expect(original).toEqual(before)
})

describe.skipIf(!hasSharedData)('damaged files', () => {
  test.each(readers.map(({ id }) => id))('of %s are answered', { timeout: 400_000 }, async (id) => {
    const given = seeds.get(id) ?? []
    expect(given.length, 'whole files to start from').toBeGreaterThan(0)
    const { outcomes, failures } = await fuzz(id, given, options)
    expect(failures).toEqual([])
    // A reader that refuses everything, or nothing, has not been asked much.
    expect(Object.keys(outcomes).length).toBeGreaterThan(1)
  })
})
