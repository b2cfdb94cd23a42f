/**
 * A traced step as an ONNX program.
 *
 *   loop   many steps per call: a Loop that carries the state, reads row i of every scan array in step i, and stacks what the
 *          steps put out. `inputs` and scan arrays are read from the outer scope, which costs nothing on the CPU.
 *   once   one step per call, no Loop: for evaluating and encoding.
 */
import type { Node } from '../graph/node.ts'
import { reachable } from '../passes/rewrite.ts'
import { densely } from '../sparse/densely.ts'
import { mapValues, roles, type TensorSpec, type TensorSpecs } from '../step.ts'
import type { Program } from '../trace/trace.ts'
import { lower, type Target } from './lower.ts'
import { graph, model, node, tensor, valueInfo } from './onnx.ts'
import type { Bytes } from './protobuf.ts'
import { largestProduct } from './traits.ts'

/** What an executor needs: plain data, so that it can be sent to a worker. */
export interface EmittedProgram {
  readonly title: string
  readonly mode: 'loop' | 'once'
  readonly bytes: Bytes
  /** Multiply-adds of the largest matrix product: whether more than one thread is worth its keep. */
  readonly largestProduct: number
  readonly state: TensorSpecs
  readonly inputs: TensorSpecs
  readonly scan: TensorSpecs
  readonly out: TensorSpecs
}

/** In the program every value is called `role.name`, results with a prime. */
export const inputName = (role: string, name: string): string => `${role}.${name}`
export const resultName = (role: string, name: string): string => `${role}.${name}'`
export const stepsName = 'steps'

export function emit(given: Program, mode: 'loop' | 'once', target: Target = 'processor'): EmittedProgram {
  const program = densely(given)
  const { title, spec, out } = program
  const bytes = mode === 'loop' ? loop(program) : once(program, target)
  const nodes = reachable(program)
  return {
    title,
    mode,
    bytes,
    largestProduct: largestProduct(nodes),
    ...spec,
    out: mapValues(out, ({ shape, dtype }) => ({ shape, dtype: dtype as TensorSpec['dtype'] })),
  }
}

const declare = (role: string, specs: TensorSpecs, lead: readonly string[] = []): Bytes[] =>
  Object.entries(specs).map(([name, { shape, dtype }]) => valueInfo(inputName(role, name), [...lead, ...shape], dtype))

const allResults = (program: Program): { name: string; value: Node }[] =>
  (['state', 'out'] as const).flatMap((role) =>
    Object.entries(program[role]).map(([name, value]) => ({ name: resultName(role, name), value })),
  )

/** Nodes that are results are written under the result's name at once: a state of many numbers need not be copied to it. */
function nameResults(program: Program, names: Map<Node, string>): void {
  for (const { name, value } of allResults(program)) {
    const hasOwnName = ['Parameter', 'Constant', 'Pick'].includes(value.op)
    if (!hasOwnName && !names.has(value)) names.set(value, name)
  }
}

/** Results that are there under another name: parameters handed through, parts of a split, the second of two names of one value. */
function results(program: Program, names: ReadonlyMap<Node, string>): { nodes: Bytes[]; infos: Bytes[] } {
  const all = allResults(program)
  return {
    nodes: all.flatMap(({ name, value }) => (names.get(value) === name ? [] : [node('Identity', [names.get(value) as string], [name])])),
    infos: all.map(({ name, value }) => valueInfo(name, value.shape, value.dtype)),
  }
}

function once(program: Program, target: Target): Bytes {
  const names = new Map<Node, string>()
  const nodes = reachable(program)
  for (const n of nodes) if (n.op === 'Parameter') names.set(n, inputName(n.attributes.role as string, n.attributes.name as string))
  nameResults(program, names)
  const body = lower(nodes, names, target)
  const { nodes: last, infos } = results(program, names)
  return model(
    graph(program.title, {
      nodes: [...body.nodes, ...last],
      initialisers: body.initialisers,
      inputs: roles.flatMap((role) => declare(role, program.spec[role])),
      outputs: infos,
    }),
  )
}

function loop(program: Program): Bytes {
  const { spec, state, out } = program
  const names = new Map<Node, string>()
  const nodes = reachable(program)
  const first: Bytes[] = []
  for (const n of nodes) {
    if (n.op !== 'Parameter') continue
    const [role, outer] = [n.attributes.role, inputName(n.attributes.role as string, n.attributes.name as string)]
    names.set(n, role === 'inputs' ? outer : `${outer} now`)
    if (role === 'scan') first.push(node('Gather', [outer, 'i'], [`${outer} now`], { axis: 0 }))
  }
  nameResults(program, names)
  const lowered = lower(nodes, names)
  const { nodes: last, infos } = results(program, names)
  const body = graph('step', {
    nodes: [...first, ...lowered.nodes, ...last, node('Identity', ['going'], ["going'"])],
    initialisers: lowered.initialisers,
    inputs: [
      valueInfo('i', [], 'int64'),
      valueInfo('going', [], 'bool'),
      ...Object.entries(spec.state).map(([name, { shape, dtype }]) => valueInfo(`${inputName('state', name)} now`, shape, dtype)),
    ],
    outputs: [valueInfo("going'", [], 'bool'), ...infos],
  })
  const carried = Object.keys(spec.state)
  const run = node(
    'Loop',
    [stepsName, 'always', ...carried.map((name) => inputName('state', name))],
    [...Object.keys(state), ...Object.keys(out)].map((name, i) =>
      i < carried.length ? `${resultName('state', name)} end` : `${resultName('out', name)} all`,
    ),
    { body: { graph: body } },
  )
  const ends = [
    ...Object.entries(spec.state).map(([name, { shape, dtype }]) => valueInfo(`${resultName('state', name)} end`, shape, dtype)),
    ...Object.entries(out).map(([name, { shape, dtype }]) => valueInfo(`${resultName('out', name)} all`, ['steps', ...shape], dtype)),
  ]
  return model(
    graph(program.title, {
      nodes: [run],
      initialisers: [tensor('always', [], 'bool', Uint8Array.of(1))],
      inputs: [
        valueInfo(stepsName, [], 'int64'),
        ...declare('state', spec.state),
        ...declare('inputs', spec.inputs),
        ...declare('scan', spec.scan, ['steps']),
      ],
      outputs: ends,
    }),
  )
}

/** The name a result has at the edge of the program. */
export const edgeName = (mode: 'loop' | 'once', role: 'state' | 'out', name: string): string =>
  resultName(role, name) + (mode === 'once' ? '' : role === 'state' ? ' end' : ' all')
