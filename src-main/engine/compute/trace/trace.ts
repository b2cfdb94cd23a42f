/** Records one run of a step as a graph: forward pass, gradients and optimiser alike, for all of them are tensor operations. */
import { engine, getBackend, type Rank, setBackend, type Tensor } from '../tfjs.ts'
import type { Node } from '../graph/node.ts'
import { fuseBias } from '../passes/fuseBias.ts'
import { mapValues, roles, type StepFn, type StepSpec, type TensorMap } from '../step.ts'
import { StratumError } from '#common/errors.ts'
import { backendName, traceBackend } from './backend.ts'
import { explain, Untraceable } from './refusals.ts'

/** A traced step: what goes in by role and name, and the nodes that come out. */
export interface Program {
  readonly title: string
  readonly spec: StepSpec
  readonly state: Readonly<Record<string, Node>>
  readonly out: Readonly<Record<string, Node>>
  /** What recording took: kernels that the step called, and nodes made of them by the rules, whether or not anything needs them. */
  readonly recorded?: { readonly kernelCalls: number; readonly nodes: number }
}

/**
 * @param title   names the model and stage in messages
 * @param step    is called once, synchronously, with tensors that have shapes and no values
 * @throws        INTERNAL naming the operation when the step does something that cannot be traced
 */
export function trace(title: string, spec: StepSpec, step: StepFn): Program {
  const before = getBackend()
  setBackend(backendName)
  const graph = traceBackend.begin()
  try {
    let results = { state: {}, out: {} }
    engine().tidy(() => {
      const given = Object.fromEntries(
        roles.map((role) => [role, mapValues(spec[role], ({ shape, dtype }, name) => parameter(role, name, shape, dtype))]),
      )
      const result = step(given as Parameters<StepFn>[0])
      results = { state: inOrder(spec, toNodes(result.state)), out: toNodes(result.out) }
    })
    return fuseBias({ title, spec, ...results, recorded: { kernelCalls: traceBackend.kernelCalls, nodes: graph.size } })
  } catch (cause) {
    if (cause instanceof StratumError) throw cause
    const { op, message } = cause instanceof Untraceable ? cause : explain(cause instanceof Error ? cause.message : String(cause))
    throw new StratumError(
      'INTERNAL',
      `${title}: ${message}.`,
      'This is a fault of the model, not of the data; send the report to the authors.',
      { model: title, ...(op && { op }) },
      cause,
    )
  } finally {
    traceBackend.begin() // lets go of the graph
    setBackend(before)
  }
}

function parameter(role: 'state' | 'inputs' | 'scan', name: string, shape: readonly number[], dtype: 'float32' | 'int32'): Tensor<Rank> {
  const node = traceBackend.graph.parameter(role, name, shape, dtype)
  return engine().makeTensorFromDataId(traceBackend.handle(node), [...shape], dtype, traceBackend)
}

const toNodes = (tensors: TensorMap): Record<string, Node> => mapValues(tensors, ({ dataId }) => traceBackend.node(dataId))

/** State nodes in the order of their declaration, checked to come back as they went in. */
function inOrder({ state }: StepSpec, after: Readonly<Record<string, Node>>): Record<string, Node> {
  return mapValues(state, ({ shape, dtype }, name) => {
    const node = after[name]
    if (!node) throw new Error(`the step does not return the state '${name}'`)
    if (`${node.shape}` !== `${shape}` || node.dtype !== dtype)
      throw new Error(`state '${name}' is ${dtype}[${shape}] but returns as ${node.dtype}[${node.shape}]`)
    return node
  })
}
