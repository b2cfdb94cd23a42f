/** Three steps as one program: what it is made of, and that it computes what three steps do. */
import { expect, test } from 'vitest'
import { emit } from '#engine/compute/emit/emit.ts'
import { openSession } from '#engine/compute/executors/session.ts'
import { reachable } from '#engine/compute/passes/rewrite.ts'
import { unroll } from '#engine/compute/passes/unroll.ts'
import type { HostArray } from '#engine/compute/step.ts'
import { add, exp, gather, mul, sub, sum, type Tensor1D } from '#engine/compute/tfjs.ts'
import { trace } from '#engine/compute/trace/trace.ts'

/** w ← w − rate · (eˣ at the step's rows + w), v ← w; the loss is Σ w */
const program = trace(
  'test',
  {
    state: { w: { shape: [2], dtype: 'float32' }, v: { shape: [2], dtype: 'float32' } },
    inputs: { x: { shape: [5], dtype: 'float32' } },
    scan: { rate: { shape: [], dtype: 'float32' }, rows: { shape: [2], dtype: 'int32' } },
  },
  ({ state, inputs, scan }) => {
    const slope = add(gather(exp(inputs.x), scan.rows as Tensor1D), state.w)
    return { state: { w: sub(state.w, mul(scan.rate, slope)), v: state.w }, out: { loss: sum(state.w), w: state.w } }
  },
)
const floats = (...values: number[]): HostArray => ({ shape: [values.length], values: Float32Array.from(values) })
const given = () => ({ state: { w: floats(1, 2), v: floats(0, 0) }, inputs: { x: floats(0, 0.1, 0.2, 0.3, 0.4) } })
const scan = () => ({ rate: floats(0.1, 0.2, 0.3), rows: { shape: [3, 2], values: Int32Array.of(0, 1, 2, 3, 4, 0) } })

test('computes what the steps do one after the other', async () => {
  const looped = await openSession(emit(program, 'loop'), { threads: 1 })
  const unrolled = await openSession(emit(unroll(program, 3), 'once'), { threads: 1 })
  await looped.load(given())
  await unrolled.load(given())
  expect(await unrolled.run(scan(), 1)).toEqual(await looped.run(scan(), 3))
  expect(await unrolled.state()).toEqual(await looped.state())
  await looped.close()
  await unrolled.close()
})

test('has what does not change from step to step once, and the rest as often as there are steps', () => {
  const count = (op: string): number => reachable(unroll(program, 3)).filter((node) => node.op === op).length
  expect(count('Exp')).toBe(1)
  expect(count('Sub')).toBe(3)
  expect(count('ReduceSum')).toBe(3)
})

test('gives every node an id of its own, inputs before users', () => {
  const nodes = reachable(unroll(program, 3))
  expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length)
  for (const { id, inputs } of nodes) for (const input of inputs) expect(input.id).toBeLessThan(id)
})
