/** A function of rows as an ONNX file that needs nothing else: weights inside, any number of rows, metadata. */
import { StratumError } from '#common/errors.ts'
import { dump } from '../graph/dump.ts'
import type { Node } from '../graph/node.ts'
import { reachable } from '../passes/rewrite.ts'
import { densely } from '../sparse/densely.ts'
import { type HostArrays, specsOf, type TensorMap } from '../step.ts'
import type { Tensor2D } from '../tfjs.ts'
import { type Program, trace } from '../trace/trace.ts'
import { lower } from './lower.ts'
import { graph, type ModelInfo, model, node, tensor, valueInfo } from './onnx.ts'
import type { Bytes } from './protobuf.ts'
import { declaredShape, manyRows, RowCount } from './rowCount.ts'

export interface Portable {
  /** Names the graph, and the model in messages. */
  readonly title: string
  readonly input: { readonly name: string; readonly columns: number }
  /** Those that `outputs` uses are stored. */
  readonly weights: HostArrays
  /** Pure tensor operations: results by name, each with the rows along its first axis. */
  readonly outputs: (x: Tensor2D, weights: TensorMap) => TensorMap
  readonly info: ModelInfo
}

/** Another prime: what differs between a program for this many rows and one for `manyRows` depends on them. */
const otherRows = 131_101

/** @throws DATA_UNSUITABLE when the function computes with the number of rows, so that it has no meaning for others */
export function emitPortable(portable: Portable): Bytes {
  const { title, input, weights, info } = portable
  const program = traced(portable, manyRows)
  if (withoutRows(program, manyRows) !== withoutRows(traced(portable, otherRows), otherRows))
    throw unsuitable(title, 'what it gives for a row depends on the number of rows')
  const names = new Map<Node, string>()
  const nodes = reachable(program)
  const initialisers: Bytes[] = []
  for (const n of nodes) {
    if (n.op !== 'Parameter') continue
    const name = n.attributes.name as string
    names.set(n, n.attributes.role === 'scan' ? input.name : name)
    if (n.attributes.role === 'inputs') initialisers.push(tensor(name, n.shape, n.dtype, weights[name].values))
  }
  const body = loweredForAnyRows(title, nodes, names, input.name)
  const outputs = Object.entries(program.out)
  return model(
    graph(title, {
      nodes: [...body.nodes, ...outputs.map(([name, value]) => node('Identity', [names.get(value) as string], [name]))],
      initialisers: [...initialisers, ...body.initialisers],
      inputs: [valueInfo(input.name, ['rows', input.columns], 'float32')],
      outputs: outputs.map(([name, { shape, dtype }]) => valueInfo(name, declaredShape(shape), dtype)),
    }),
    info,
  )
}

function traced({ title, input, weights, outputs }: Portable, rows: number): Program {
  const spec = { state: {}, inputs: specsOf(weights), scan: { x: { shape: [rows, input.columns], dtype: 'float32' } } } as const
  return densely(trace(title, spec, ({ inputs, scan }) => ({ state: {}, out: outputs(scan.x as Tensor2D, inputs) })))
}

/** The program as text, with multiples of the number of rows named in shapes; a number computed with stays as it is. */
const withoutRows = (program: Program, rows: number): string =>
  dump(program).replace(/\[[\d,]+\]/g, (sizes) =>
    sizes.replace(/\d+/g, (n) => (n !== '0' && Number(n) % rows === 0 ? `${Number(n) / rows}·rows` : n)),
  )

function loweredForAnyRows(title: string, nodes: readonly Node[], names: Map<Node, string>, input: string) {
  try {
    return lower(nodes, names, 'processor', new RowCount(input))
  } catch (cause) {
    throw unsuitable(title, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const unsuitable = (title: string, why: string, cause?: unknown): StratumError =>
  new StratumError(
    'DATA_UNSUITABLE',
    `${title} cannot be written as a file for any number of rows: ${why}.`,
    'Encode the rows here and export the codes.',
    { model: title },
    cause,
  )
