/** The programs of a step executor: one step, several at once, and copies that bring arrays to the card and back. */
import { createHash } from 'node:crypto'
import { emit, type EmittedProgram } from '../../emit/emit.ts'
import { Graph } from '../../graph/graph.ts'
import { numbers } from '../../graph/node.ts'
import { reachable, rewrite } from '../../passes/rewrite.ts'
import { unroll } from '../../passes/unroll.ts'
import { densely } from '../../sparse/densely.ts'
import { mapValues, type TensorSpecs } from '../../step.ts'
import type { Program } from '../../trace/trace.ts'
import type { Provider } from './provider.ts'

/** Plain data, so that it can be sent to the process that runs it. */
export interface StepPrograms {
  readonly title: string
  readonly single: EmittedProgram
  /** `steps` at once; null where one is all there is. */
  readonly several: { readonly steps: number; readonly program: EmittedProgram } | null
  /** Arrays in, the same arrays out; null where there are none. */
  readonly stateCopy: EmittedProgram | null
  readonly inputsCopy: EmittedProgram | null
  /** Whether the processor does those operations that the card has no version of. */
  readonly mixed: boolean
  /** Equal for equal programs. */
  readonly hash: string
}

/** Operations of one unrolled program at most: compiling takes about half a millisecond for each. */
const mostNodes = 1500

export function stepPrograms(given: Program, { mostSteps }: Provider): StepPrograms {
  const program = fewResults(densely(given))
  const emitted = (steps: number): EmittedProgram => emit(unroll(program, steps), 'once', 'graphics')
  const single = emitted(1)
  const steps = Math.min(mostSteps, Math.floor(mostNodes / reachable(program).length))
  return {
    title: program.title,
    single,
    several: steps > 1 ? { steps, program: emitted(steps) } : null,
    stateCopy: copying(`${program.title}, state`, program.spec.state),
    inputsCopy: copying(`${program.title}, inputs`, program.spec.inputs),
    mixed: false,
    hash: createHash('sha256').update(single.bytes).digest('hex'),
  }
}

/** Kernels of a card read and write eight buffers at most, so a split into more is as many slices. */
const mostBuffers = 8

function fewResults(program: Program): Program {
  return rewrite(program, (node, [whole]) => {
    const sizes = numbers(whole?.attributes.sizes)
    if (node.op !== 'Pick' || whole.op !== 'Split' || sizes.length < mostBuffers) return null
    const [x] = whole.inputs
    const index = node.attributes.index as number
    const before = sizes.slice(0, index).reduce((a, b) => a + b, 0)
    const starts = x.shape.map((_, axis) => (axis === whole.attributes.axis ? before : 0))
    return { ...node, op: 'Slice', inputs: [x], attributes: { starts, sizes: node.shape, steps: starts.map(() => 1) } }
  })
}

/** A program that gives back what it is given, as state. */
export function copying(title: string, specs: TensorSpecs): EmittedProgram | null {
  if (!Object.keys(specs).length) return null
  const graph = new Graph()
  const spec = { state: specs, inputs: {}, scan: {} }
  const state = mapValues(specs, ({ shape, dtype }, name) => graph.parameter('state', name, shape, dtype))
  return emit({ title, spec, state, out: {} }, 'once', 'graphics')
}
