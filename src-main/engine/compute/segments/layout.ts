/** Where values lie in the memory of a program in parts. */
import { type Dtype, sizeOf } from '../graph/node.ts'
import { scratchOf } from '../wasm/fusedRows.ts'
import type { Part, SegmentedProgram } from './plan.ts'

export interface Layout {
  /** Of the state, of what parts make, and of what kernels read; everything else lies outside. */
  readonly addresses: Readonly<Record<string, number>>
  /** Of memory that a kernel may use while it runs. */
  readonly scratch: number
  readonly bytes: number
}

/** Larger memories cannot be addressed with the signed numbers that kernels use. */
export const mostBytes = 2 ** 31

const elementBytes: Readonly<Record<Dtype, number>> = { float32: 4, int32: 4, uint32: 4, bool: 1 }
/** A line of the cache, so that vectors do not straddle two. */
const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64

export function memoryOf({ parts, state, values }: Pick<SegmentedProgram, 'parts' | 'state' | 'values'>): Layout {
  const names = new Set([
    ...Object.keys(state).map((name) => `state.${name}`),
    ...parts.flatMap(({ kind, reads, writes }) => (kind === 'onnx' ? writes : [...reads, ...writes])),
  ])
  const addresses: Record<string, number> = {}
  let next = 64
  for (const name of names) {
    const { shape, dtype } = values[name]
    addresses[name] = next
    next += aligned(elementBytes[dtype] * sizeOf(shape))
  }
  const scratch = Math.max(0, ...parts.map((part) => scratchBytes(part, values)))
  return { addresses, scratch: next, bytes: next + aligned(scratch) }
}

/** As the kernels state it. */
function scratchBytes(part: Part, values: SegmentedProgram['values']): number {
  if (part.kind === 'onnx') return 0
  if (part.kind === 'rows') return scratchOf(part.program)
  const [B, k] = part.op.startsWith('Sparse') ? values[part.reads[1]].shape : [0, 0]
  if (part.op === 'SparseDecode') return 4 * (2 * k + 6)
  return part.op === 'SparseOuter' ? 4 * (values[part.writes[0]].shape[0] + 1 + 2 * B * k) : 0
}
