/** A program for reading: what recording and the rules made of the step, what is emitted for the CPU, and all of its operations. */
import { compile } from './compile.ts'
import { inputName } from './emit/emit.ts'
import { lower } from './emit/lower.ts'
import { dump } from './graph/dump.ts'
import type { Node } from './graph/node.ts'
import { reachable } from './passes/rewrite.ts'
import { densely } from './sparse/densely.ts'
import type { Program } from './trace/trace.ts'

export interface ProgramDescription {
  readonly title: string
  /** Kernels that the step called while it was recorded. */
  readonly kernelCalls: number
  /** Nodes after common subexpressions became one and the rules simplified; those that the results need. */
  readonly nodes: number
  readonly used: number
  /** As one ONNX program. */
  readonly onnxNodes: number
  /** How it runs on the CPU: one ONNX program, or parts with kernels of our own between. */
  readonly parts: readonly string[]
  readonly bytes: number
  /** One operation a line. */
  readonly text: string
}

export function describeProgram(program: Program): ProgramDescription {
  const used = reachable(program)
  const compiled = compile(program)
  const parts = compiled.mode === 'segmented' ? compiled.parts : [{ kind: 'onnx' as const, bytes: compiled.bytes }]
  return {
    title: program.title,
    kernelCalls: program.recorded?.kernelCalls ?? 0,
    nodes: program.recorded?.nodes ?? used.length,
    used: used.length,
    onnxNodes: onnxNodes(densely(program)),
    parts: parts.map((part) => (part.kind === 'sparse' ? part.op : part.kind === 'rows' ? 'fused rows' : 'ONNX')),
    bytes: parts.reduce((sum, part) => sum + (part.kind === 'onnx' ? part.bytes.length : 0), 0),
    text: dump(program),
  }
}

function onnxNodes(program: Program): number {
  const nodes = reachable(program)
  const given = nodes.filter(({ op }) => op === 'Parameter')
  const names = new Map<Node, string>(given.map((n) => [n, inputName(n.attributes.role as string, n.attributes.name as string)]))
  return lower(nodes, names).nodes.length
}
