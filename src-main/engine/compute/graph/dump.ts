/** A program as text, one node a line, for reading and for tests: `v12 f32[64,5] = Gemm(v3, weights.w, transB=1)`. */
import { reachable } from '../passes/rewrite.ts'
import type { Program } from '../trace/trace.ts'
import type { Node } from './node.ts'

const short = { float32: 'f32', int32: 'i32', uint32: 'u32', bool: 'bool' } as const

export function dump(program: Pick<Program, 'state' | 'out'>): string {
  const results = (['state', 'out'] as const).flatMap((role) =>
    Object.entries(program[role]).map(([name, node]) => `${role}.${name} = ${nameOf(node)}`),
  )
  return [...reachable(program).flatMap(line), ...results].join('\n')
}

function line(node: Node): string[] {
  if (node.op === 'Parameter' || (node.op === 'Constant' && node.values?.length === 1)) return []
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${typeof value === 'object' ? `[${value}]` : value}`)
  return [`v${node.id} ${short[node.dtype]}[${node.shape}] = ${node.op}(${[...node.inputs.map(nameOf), ...attributes].join(', ')})`]
}

function nameOf(node: Node): string {
  if (node.op === 'Parameter') return `${node.attributes.role}.${node.attributes.name}`
  return node.op === 'Constant' && node.values?.length === 1 ? `${node.values[0]}` : `v${node.id}`
}
