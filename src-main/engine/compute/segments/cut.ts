/**
 * Cuts a traced step into parts (plan.ts). Work goes in turns: ONNX, kernels, ONNX, …; every kernel runs in the first turn in which
 * its inputs are there, every other node in the last that is early enough, so that little has to be handed on. Fused regions come at
 * the very end, when nobody reads the old state any more.
 */
import { inputName } from '../emit/emit.ts'
import { lower, nameOf } from '../emit/lower.ts'
import { largestProduct } from '../emit/traits.ts'
import { graph, model, node as onnxNode, valueInfo } from '../emit/onnx.ts'
import type { Node } from '../graph/node.ts'
import { reachable } from '../passes/rewrite.ts'
import { isSparse } from '../sparse/densely.ts'
import { mapValues, roles, type TensorSpec } from '../step.ts'
import type { Program } from '../trace/trace.ts'
import type { Part, SegmentedProgram, ValueSpec } from './plan.ts'
import { type Region, regionsOf } from './regions.ts'

/** Costs nothing, so every ONNX part that needs it makes it itself. */
const isFree = ({ op }: Node): boolean => op === 'Constant' || op === 'Broadcast' || op === 'Reshape'
const isPick = ({ op }: Node): boolean => op === 'Pick'
const isKernel = (node: Node): boolean => isSparse(node) || (isPick(node) && isSparse(node.inputs[0]))
/** Operations with several results have no value themselves, their picks have. */
function valueName(node: Node): string {
  if (node.op === 'Parameter') return inputName(node.attributes.role as string, node.attributes.name as string)
  return node.op === 'Constant' ? `${nameOf(node)} value` : nameOf(node) // a constant may not be a result itself
}

export function segmented(program: Program): SegmentedProgram {
  const regions = regionsOf(program)
  const cutter = new Cutter(program, regions)
  const made = new Set(regions.flatMap(({ states }) => states))
  const given = roles.flatMap((role) => Object.entries(program.spec[role]).map(([name, spec]) => [inputName(role, name), spec] as const))
  const left = Object.entries(program.state).filter(([name]) => !made.has(name))
  return {
    title: program.title,
    mode: 'segmented',
    ...program.spec,
    out: mapValues(program.out, ({ shape, dtype }) => ({ shape, dtype: dtype as TensorSpec['dtype'] })),
    parts: cutter.parts(),
    values: { ...Object.fromEntries(given), ...cutter.values },
    newState: Object.fromEntries(left.map(([name, value]) => [name, valueName(value)])),
    newOut: mapValues(program.out, valueName),
  }
}

class Cutter {
  /** What parts make. */
  readonly values: Record<string, ValueSpec> = {}
  readonly #regions: readonly Region[]
  /** Inputs before users, without those of regions. */
  readonly #nodes: readonly Node[]
  /** What has to be there as a value, because kernels read it or it is a result. */
  readonly #wanted: ReadonlySet<Node>
  /** The turn of every node that is not free: even for ONNX, odd for kernels. */
  readonly #turns = new Map<Node, number>()
  #lastTurn = 0

  constructor(program: Program, regions: readonly Region[]) {
    this.#regions = regions
    const fused = new Set(regions.flatMap(({ nodes }) => [...nodes]))
    this.#nodes = reachable(program).filter((node) => ![node, ...node.inputs].some((one) => fused.has(one)))
    const results = [...Object.values(program.state), ...Object.values(program.out)].filter((node) => !fused.has(node))
    const read = this.#nodes.filter(isSparse).flatMap(({ inputs }) => inputs)
    this.#wanted = new Set([...results, ...read, ...regions.flatMap(({ leaves }) => leaves)])
    this.#takeTurns()
  }

  parts(): Part[] {
    const parts: Part[] = []
    for (let turn = 0; turn <= this.#lastTurn; turn++) {
      const members = this.#nodes.filter((node) => this.#turns.get(node) === turn)
      if (turn % 2) parts.push(...members.filter(isSparse).map((node) => this.#kernel(node)))
      else if (members.length) parts.push(this.#onnx(members))
    }
    return [
      ...parts,
      ...this.#regions.map(({ program, leaves, states }) => ({
        kind: 'rows' as const,
        program,
        reads: leaves.map(valueName),
        writes: states.map((name) => inputName('state', name)),
      })),
    ]
  }

  #isFree(node: Node): boolean {
    return isFree(node) && !this.#wanted.has(node)
  }

  /** First every node as early as it can be, then those of ONNX as late as they can be. */
  #takeTurns(): void {
    const earliest = new Map<Node, number>()
    for (const node of this.#nodes) {
      const after = Math.max(0, ...node.inputs.map((input) => earliest.get(input) as number))
      const kind = isKernel(node) ? 1 : 0
      const waits = node.op !== 'Parameter' && !this.#isFree(node) && after % 2 !== kind
      earliest.set(node, waits ? after + 1 : after)
    }
    const own = this.#nodes.filter((node) => node.op !== 'Parameter' && !this.#isFree(node))
    this.#lastTurn = Math.max(0, ...own.map((node) => earliest.get(node) as number))
    const lastOnnx = this.#lastTurn - (this.#lastTurn % 2)

    const latest = new Map<Node, number>()
    const before = (node: Node, turn: number): void => {
      latest.set(node, Math.min(latest.get(node) ?? lastOnnx, turn))
    }
    for (const node of [...this.#nodes].reverse()) {
      const turn = isKernel(node) ? (earliest.get(node) as number) : (latest.get(node) ?? lastOnnx)
      if (node.op !== 'Parameter' && !this.#isFree(node)) this.#turns.set(node, turn)
      for (const input of node.inputs) before(input, isKernel(node) ? turn - 1 : turn)
    }
    // Picks go with what they pick from, which was placed after them and perhaps earlier.
    for (const node of own) if (isPick(node)) this.#turns.set(node, this.#turns.get(node.inputs[0]) as number)
  }

  #declare(nodes: readonly Node[]): string[] {
    for (const node of nodes) this.values[valueName(node)] = { shape: node.shape, dtype: node.dtype }
    return nodes.map(valueName)
  }

  #kernel(node: Node): Part {
    const outputs = node.op === 'TopCodes' ? [0, 1].map((index) => pickOf(node, index)) : [node]
    return { kind: 'sparse', op: node.op, reads: node.inputs.map(valueName), writes: this.#declare(outputs) }
  }

  #onnx(members: readonly Node[]): Part {
    const turn = this.#turns.get(members[0])
    const inside = new Set(members)
    const reads = new Set<Node>()
    const visit = (node: Node): void => {
      for (const input of node.inputs) {
        if (inside.has(input)) continue
        if (!this.#isFree(input)) reads.add(input)
        else {
          inside.add(input)
          visit(input)
        }
      }
    }
    for (const node of members) visit(node)
    const later = this.#readElsewhere(turn as number)
    const writes = members.filter((node) => this.#wanted.has(node) || later.has(node))
    const nodes = [...inside].sort((a, b) => a.id - b.id)
    const names = new Map<Node, string>([...reads].map((node) => [node, valueName(node)]))
    const { nodes: body, initialisers } = lower(nodes, names)
    const info = (name: string, { shape, dtype }: Node) => valueInfo(name, shape, dtype)
    return {
      kind: 'onnx',
      bytes: model(
        graph('part', {
          nodes: [
            ...body,
            ...writes.filter(({ op }) => op === 'Constant').map((node) => onnxNode('Identity', [nameOf(node)], [valueName(node)])),
          ],
          initialisers,
          inputs: [...reads].map((node) => info(valueName(node), node)),
          outputs: writes.map((node) => info(valueName(node), node)),
        }),
      ),
      reads: [...reads].map(valueName),
      writes: this.#declare(writes),
      largestProduct: largestProduct(nodes),
    }
  }

  /** What ONNX parts of other turns read, also through what is free. */
  #readElsewhere(turn: number): Set<Node> {
    const found = new Set<Node>()
    const visit = (node: Node): void => {
      for (const input of node.inputs) {
        if (this.#isFree(input)) visit(input)
        else found.add(input)
      }
    }
    for (const node of this.#nodes) if (this.#turns.has(node) && this.#turns.get(node) !== turn) visit(node)
    return found
  }
}

/** Output `index` of an operation, whether or not anybody picks it. */
const pickOf = (many: Node, index: number): Node => ({
  id: many.id,
  op: 'Pick',
  inputs: [many],
  attributes: { index },
  shape: many.shape,
  dtype: index === 0 ? many.dtype : 'int32',
})
