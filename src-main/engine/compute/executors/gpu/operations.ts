/** Which operations of a program a provider has no version of: each kind tried by itself. For saying why a card is not used. */
import { InferenceSession } from 'onnxruntime-node'
import { emit, type EmittedProgram } from '../../emit/emit.ts'
import type { Node } from '../../graph/node.ts'
import { outputCount } from '../../graph/ops.ts'
import { reachable } from '../../passes/rewrite.ts'
import type { TensorSpec } from '../../step.ts'
import type { Program } from '../../trace/trace.ts'
import type { Provider } from './provider.ts'

export interface OperationProgram {
  readonly op: string
  readonly program: EmittedProgram
}

/** One program for each operation on each combination of types and ranks. */
export function operationPrograms(program: Program): OperationProgram[] {
  const kinds = new Map<string, Node>()
  for (const node of reachable(program)) {
    if (['Parameter', 'Constant', 'Pick'].includes(node.op)) continue
    kinds.set(`${node.op} ${[...node.inputs, node].map(({ dtype, shape }) => `${dtype}${shape.length}`)}`, node)
  }
  return [...kinds.values()].map((node) => ({ op: node.op, program: alone(node) }))
}

function alone(node: Node): EmittedProgram {
  const given: Record<string, TensorSpec> = {}
  const inputs = node.inputs.map((input, id): Node => {
    if (input.op === 'Constant') return { ...input, id }
    given[id] = { shape: input.shape, dtype: input.dtype as TensorSpec['dtype'] }
    return { id, op: 'Parameter', inputs: [], attributes: { role: 'inputs', name: String(id) }, shape: input.shape, dtype: input.dtype }
  })
  const made = { ...node, id: inputs.length, inputs }
  const count = outputCount(node)
  const results = Array.from(
    { length: count },
    (_, index): Node => (count === 1 ? made : { ...made, id: made.id + 1 + index, op: 'Pick', inputs: [made], attributes: { index } }),
  )
  const out = Object.fromEntries(results.map((result, i) => [String(i), result]))
  return emit({ title: node.op, spec: { state: {}, inputs: given, scan: {} }, state: {}, out }, 'once', 'graphics')
}

/** Runs in the graphics process. */
export async function missingOperations(programs: readonly OperationProgram[], { id }: Provider): Promise<string[]> {
  const missing = new Set<string>()
  for (const { op, program } of programs) {
    try {
      const session = await InferenceSession.create(program.bytes, sessionOptions(id, false))
      await session.release()
    } catch {
      missing.add(op) // whatever the runtime says of it, this operation is the one that cannot be there
    }
  }
  return [...missing]
}

/** @param mixed  whether the processor may do what the provider has no version of, for which arrays cross in every step */
export const sessionOptions = (provider: string, mixed: boolean): InferenceSession.SessionOptions => ({
  executionProviders: [provider],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  extra: { session: { disable_cpu_ep_fallback: mixed ? '0' : '1' } },
  logSeverityLevel: 4,
})
