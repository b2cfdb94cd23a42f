/** Trainings and encoders leave nothing behind in the process. test/bench/cycles.ts goes on for longer and has the figures. */
import { describe, expect, test } from 'vitest'
import { encodeOnce, held, trainOnce } from '../helpers/cycles.ts'

const [settling, cycles] = [10, 30]
/** A worker that stayed would hold 10 MB a cycle; allocators that have not settled yet less than 1. */
const mostGrowthMB = 1

describe('many times over', () => {
  test.each([
    ['training a model', trainOnce],
    ['opening an encoder and closing it', encodeOnce],
  ] as const)('%s leaves no threads, files, tensors or memory behind', { timeout: 240_000 }, async (_, cycle) => {
    for (let i = 0; i < settling; i++) await cycle(i)
    const before = held()
    for (let i = 0; i < cycles; i++) await cycle(settling + i)
    const after = held()
    // Fewer there may be: what came before the first cycle ends when it does.
    for (const kind of ['files', 'threads', 'handles', 'tensors', 'traced'] as const)
      expect(after[kind] ?? 0, kind).toBeLessThanOrEqual(before[kind] ?? 0)
    expect((after.memoryMB - before.memoryMB) / cycles).toBeLessThan(mostGrowthMB)
  })
})
