import { describe, expect, test } from 'vitest'
import { segmented } from '#engine/compute/segments/cut.ts'
import { memoryOf } from '#engine/compute/segments/layout.ts'
import type { Part } from '#engine/compute/segments/plan.ts'
import { codeSums, sparseDecode, sparseEncode } from '#engine/compute/sparse/ops.ts'
import { openSegmented } from '#engine/compute/executors/segmented.ts'
import { specsOf, type StepFn } from '#engine/compute/step.ts'
import { trace } from '#engine/compute/trace/trace.ts'
import * as tf from '#engine/compute/tfjs.ts'
import { numbersBetween } from '../../../../helpers/programs.ts'

const [B, D, M] = [4, 8, 64]
const inputs = { x: numbersBetween(-1, 1, [B, D], 'x'), W: numbersBetween(-1, 1, [M, D], 'W'), b: numbersBetween(-1, 1, [M], 'b') }
const codesOf = (given: Record<string, tf.Tensor>) =>
  sparseEncode(given.x as tf.Tensor2D, given.W as tf.Tensor2D, given.b as tf.Tensor1D, 2)
const kinds = (parts: readonly Part[]): string[] => parts.map((part) => (part.kind === 'sparse' ? part.op : part.kind))

/** Cut, run for one step from zero, with the eager result beside. */
async function run(step: StepFn, state: Record<string, tf.TensorLike & Float32Array> = {}) {
  const arrays = Object.fromEntries(Object.entries(state).map(([name, values]) => [name, { shape: [values.length], values }]))
  const parts = segmented(trace('cut', { state: specsOf(arrays), inputs: specsOf(inputs), scan: {} }, step))
  const executor = await openSegmented(parts, { threads: 1 })
  await executor.load({ state: arrays, inputs })
  const out = await executor.run({}, 2)
  const after = await executor.state()
  await executor.close()
  return { parts, out, after }
}

describe('cutting a step into parts', () => {
  test('takes turns, as few as the step allows', async () => {
    const { parts } = await run(({ inputs: given }) => {
      const codes = codesOf(given)
      const y = sparseDecode(codes, given.W as tf.Tensor2D)
      return {
        state: {},
        out: { error: tf.mean(tf.squaredDifference(given.x, y)), sums: codeSums(codes, M), size: tf.sum(tf.abs(given.x)) },
      }
    })
    // What does not depend on codes waits for the last part that is needed anyway.
    expect(kinds(parts.parts)).toEqual(['onnx', 'TopCodes', 'SparseDecode', 'SparseSums', 'onnx'])
    expect(parts.parts[4].writes).toHaveLength(2)
  })

  test('gives results that are inputs, constants, or what a kernel has made', async () => {
    const { out } = await run(({ inputs: given }) => {
      const { values } = codesOf(given)
      return { state: {}, out: { x: given.x, seven: tf.fill([3], 7), one: tf.scalar(1), values } }
    })
    expect(out.x.values.slice(B * D)).toEqual(inputs.x.values)
    expect(Array.from(out.seven.values)).toEqual([7, 7, 7, 7, 7, 7])
    expect(Array.from(out.one.values)).toEqual([1, 1])
    expect(out.values.shape).toEqual([2, B, 2])
  })

  test('lets states change places', async () => {
    const { after } = await run(
      ({ state, inputs: given }) => ({
        state: { a: state.b, b: state.c, c: tf.add(state.a, tf.mul(0, tf.slice(codeSums(codesOf(given), M), [0], [1]))) },
        out: {},
      }),
      { a: Float32Array.of(1), b: Float32Array.of(2), c: Float32Array.of(3) },
    )
    // (1, 2, 3) → (2, 3, 1) → (3, 1, 2)
    expect(Object.values(after).map(({ values }) => values[0])).toEqual([3, 1, 2])
  })

  test('fuses new states of large arrays, but not where one is needed to make another', async () => {
    const large = new Float32Array(20_000).fill(1)
    const step =
      (crossed: boolean): StepFn =>
      ({ state, inputs: given }) => {
        const size = tf.mean(codeSums(codesOf(given), M))
        const a = tf.add(state.a, size)
        return { state: { a, b: tf.mul(state.b, crossed ? tf.abs(state.a) : 2) }, out: { sum: tf.sum(state.a) } }
      }
    const state = () => ({ a: large.slice(), b: large.slice() })
    const apart = await run(step(false), state())
    expect(kinds(apart.parts.parts).filter((kind) => kind === 'rows')).toHaveLength(2)
    const crossed = await run(step(true), state())
    expect(crossed.after.a).toEqual(apart.after.a)
    // b₂ = b₀ |a₀| |a₁| with a₁ = 1 + size; the sum of a after one step says what size is.
    const a1 = crossed.out.sum.values[1] / large.length
    expect(crossed.after.b.values[0]).toBeCloseTo(a1, 4)
    expect(apart.after.b.values[0]).toBe(4)
  })

  test('does not fuse a new state while the old one is a result', async () => {
    const a = new Float32Array(20_000).fill(1)
    const { parts, out } = await run(
      ({ state, inputs: given }) => ({
        state: { a: tf.add(state.a, tf.add(1, tf.mul(0, tf.mean(codeSums(codesOf(given), M))))) },
        out: { before: state.a },
      }),
      { a },
    )
    expect(kinds(parts.parts)).not.toContain('rows')
    expect(out.before.values[0]).toBe(1)
    expect(out.before.values[a.length]).toBe(2)
  })

  test('lays values out in memory without overlap', async () => {
    const { parts } = await run(({ inputs: given }) => ({ state: {}, out: { y: sparseDecode(codesOf(given), given.W as tf.Tensor2D) } }))
    const { addresses, scratch, bytes } = memoryOf(parts)
    const spans = Object.entries(addresses)
      .map(([name, at]) => [at, at + 4 * parts.values[name].shape.reduce((a, b) => a * b, 1)])
      .sort(([a], [b]) => a - b)
    for (const [i, [, end]] of spans.entries()) expect(end).toBeLessThanOrEqual(spans[i + 1]?.[0] ?? scratch)
    expect(scratch).toBeLessThan(bytes)
  })
})
