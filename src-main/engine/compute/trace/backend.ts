/**
 * A TensorFlow.js backend that computes nothing: its tensors are nodes of a graph, and running a kernel adds a node.
 * Reading a value is an error, because there is none yet.
 */
import {
  type DataType,
  engine,
  KernelBackend,
  type NamedAttrMap,
  registerBackend,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core'
import { Graph } from '../graph/graph.ts'
import { type Dtype, type Node, valuesOf } from '../graph/node.ts'
import { kernels } from './kernels.ts'
import { drawingAmong, drawnOnHost, Untraceable } from './refusals.ts'

export const backendName = 'trace'

class TraceBackend extends KernelBackend {
  graph = new Graph()
  kernelCalls = 0
  readonly #nodes = new Map<object, { node: Node; references: number }>()

  /** A new graph for what is recorded from now on. */
  begin(): Graph {
    this.kernelCalls = 0
    this.graph = new Graph()
    return this.graph
  }

  /** A new handle on a node. Handles are never shared, so disposing one never takes another's node away. */
  handle(node: Node): object {
    const dataId = {}
    this.#nodes.set(dataId, { node, references: 1 })
    return dataId
  }

  node(dataId: object): Node {
    const known = this.#nodes.get(dataId)
    if (!known) throw new Untraceable(null, 'a tensor made outside the step was used in it; pass it as state, input or scan')
    return known.node
  }

  /** Constants that a step makes are welcome; numbers drawn at random are not, for a program would repeat them in every step. */
  override write(values: Float32Array | Int32Array | Uint8Array, shape: number[], dtype: DataType): object {
    const { scopeStack, activeScope } = engine().state
    const drawing = drawingAmong([...scopeStack, activeScope])
    if (drawing) throw new Untraceable(drawing, drawnOnHost(drawing))
    return this.handle(this.graph.constant(valuesOf(dtype as Dtype, values), shape, dtype as Dtype))
  }
  override move(dataId: object, values: Float32Array | Int32Array | Uint8Array, shape: number[], dtype: DataType): void {
    this.#nodes.set(dataId, { node: this.graph.constant(valuesOf(dtype as Dtype, values), shape, dtype as Dtype), references: 1 })
  }
  override readSync(dataId: object): never {
    const { op, attributes } = this.node(dataId)
    throw new Untraceable(
      null,
      `a value (of ${op}${attributes.name ? ` ${attributes.name}` : ''}) was read; a step may not depend on values in JavaScript: use where, or make it a parameter`,
    )
  }
  override async read(dataId: object): Promise<never> {
    return this.readSync(dataId)
  }
  override incRef(dataId: object): void {
    const known = this.#nodes.get(dataId)
    if (known) known.references++
  }
  override refCount(dataId: object): number {
    return this.#nodes.get(dataId)?.references ?? 0
  }
  override disposeData(dataId: object, force = false): boolean {
    const known = this.#nodes.get(dataId)
    if (known && --known.references > 0 && !force) return false
    this.#nodes.delete(dataId)
    return true
  }
  override numDataIds(): number {
    return this.#nodes.size
  }
  override memory() {
    return { unreliable: true }
  }
  override floatPrecision(): 32 {
    return 32
  }
  override epsilon(): number {
    return 1e-7
  }
  override dispose(): void {
    this.#nodes.clear()
  }
}

export const traceBackend = new TraceBackend()
registerBackend(backendName, () => traceBackend)

for (const [kernelName, rule] of Object.entries(kernels)) {
  registerKernel({
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs }) {
      traceBackend.kernelCalls++
      try {
        // Concat and Pack pass a list, others leave an optional input undefined.
        const nodes = Object.fromEntries(Object.entries(inputs).flatMap(([name, x]) => (x ? [[name, traceBackend.node(x.dataId)]] : [])))
        const result = rule(traceBackend.graph, nodes, (attrs ?? {}) as NamedAttrMap & Record<string, never>)
        return Array.isArray(result) ? result.map(toInfo) : toInfo(result)
      } catch (cause) {
        const problem = cause instanceof Error ? cause.message : String(cause)
        throw new Untraceable(kernelName, `${kernelName}: ${problem}`, cause)
      }
    },
  })
}

function toInfo(node: Node): TensorInfo {
  return { dataId: traceBackend.handle(node), shape: [...node.shape], dtype: node.dtype as DataType }
}
