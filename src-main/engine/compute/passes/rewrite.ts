/** Walking and rewriting finished programs. */
import type { Node } from '../graph/node.ts'
import type { Program } from '../trace/trace.ts'
import { mapValues } from '../step.ts'

/** Every node the results need, inputs before users; what is not here is never emitted (dead-code elimination). */
export function reachable({ state, out }: Pick<Program, 'state' | 'out'>): Node[] {
  const seen = new Set<Node>()
  const pending = [...Object.values(state), ...Object.values(out)]
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    pending.push(...node.inputs)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

/** The program with each node replaced by what `replace` makes of it and its rewritten inputs; null leaves it. */
export function rewrite(program: Program, replace: (node: Node, inputs: readonly Node[]) => Node | null): Program {
  const rewritten = new Map<Node, Node>()
  for (const node of reachable(program)) {
    const inputs = node.inputs.map((input) => rewritten.get(input) as Node)
    const same = inputs.every((input, i) => input === node.inputs[i])
    rewritten.set(node, replace(node, inputs) ?? (same ? node : { ...node, inputs }))
  }
  const final = (node: Node): Node => rewritten.get(node) as Node
  return { ...program, state: mapValues(program.state, final), out: mapValues(program.out, final) }
}
