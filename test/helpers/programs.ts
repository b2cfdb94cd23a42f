/** Small programs for tests of the numeric core, and the two ways to run them. */
import { emit } from '../../src-main/engine/compute/emit/emit.ts'
import { openEager } from '../../src-main/engine/compute/executors/eager.ts'
import { openSession } from '../../src-main/engine/compute/executors/session.ts'
import {
  copyOf,
  type Executor,
  type HostArray,
  type HostArrays,
  specsOf,
  type StepFn,
  type StepSpec,
} from '../../src-main/engine/compute/step.ts'
import { trace } from '../../src-main/engine/compute/trace/trace.ts'
import { uniformsOf } from '../../src-main/engine/compute/random/counter.ts'

/** Seeded numbers between `from` and `to`. */
export function numbersBetween(
  from: number,
  to: number,
  shape: readonly number[],
  site = 'test',
): { shape: readonly number[]; values: Float32Array } {
  const draw = uniformsOf(1, site)
  return { shape, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + (to - from) * draw(i)) }
}

export const integers = (values: readonly number[], shape: readonly number[] = [values.length]): HostArray => ({
  shape,
  values: Int32Array.from(values),
})

/** The same step run as compiled and operation by operation. */
export async function runBoth(
  spec: StepSpec,
  step: StepFn,
  given: { state: HostArrays; inputs: HostArrays; scan: HostArrays },
  steps: number,
) {
  const compiled = await openSession(emit(trace('test', spec, step), 'loop'), { threads: 1 })
  const eager = await openEager(spec, step)
  const run = async (executor: Executor) => {
    await executor.load({ state: copyOf(given.state), inputs: given.inputs })
    const out = await executor.run(copyOf(given.scan), steps)
    return { out, state: await executor.state() }
  }
  const results = { compiled: await run(compiled), eager: await run(eager) }
  await compiled.close()
  return results
}

/** A function of named inputs, compiled and eager. */
export async function evaluateBoth(
  inputs: HostArrays,
  f: (inputs: Parameters<StepFn>[0]['inputs']) => ReturnType<StepFn>['out'],
): Promise<{ compiled: HostArrays; eager: HostArrays }> {
  const step: StepFn = (given) => ({ state: {}, out: f(given.inputs) })
  const { compiled, eager } = await runBoth({ state: {}, inputs: specsOf(inputs), scan: {} }, step, { state: {}, inputs, scan: {} }, 1)
  return { compiled: compiled.out, eager: eager.out }
}

/** max |a − b| / max(1, |b|) */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = a.length === b.length ? 0 : Number.POSITIVE_INFINITY
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i])))
  return largest
}
