/**
 * The index of an array's chunks: a B-tree of version 1 (specification III.A.1), built from its leaves when all chunks are written.
 * A key is a chunk's stored bytes, the filters it went without, and where in the array it begins; the key behind the last is its end.
 */
import { ByteWriter } from './bytes.ts'

/** In rising order along the first axis, which alone is cut into chunks. */
export interface StoredChunk {
  readonly address: number
  readonly bytes: number
}

/** Twice the rank that readers take for granted in files of this version of the superblock. */
const mostChildren = 64

interface Node {
  readonly address: number
  /** Number of the first chunk under it, and its stored bytes. */
  readonly first: number
  readonly bytes: number
}

/** @returns the address of the root. Memory: a node, and 16 bytes a chunk. */
export async function writeChunkTree(
  chunks: readonly StoredChunk[],
  rank: number,
  chunkRows: number,
  append: (bytes: Uint8Array) => Promise<number>,
): Promise<number> {
  let children: readonly Node[] = chunks.map(({ address, bytes }, first) => ({ address, first, bytes }))
  for (let level = 0; ; level++) {
    const nodes: Node[] = []
    for (let from = 0; from < children.length; from += mostChildren) {
      const part = children.slice(from, from + mostChildren)
      const end = children[from + mostChildren]?.first ?? chunks.length
      const address = await append(nodeOf(part, end, level, rank, chunkRows))
      nodes.push({ ...part[0], address })
    }
    if (nodes.length === 1) return nodes[0].address
    children = nodes
  }
}

function nodeOf(children: readonly Node[], end: number, level: number, rank: number, chunkRows: number): Uint8Array {
  const node = new ByteWriter()
  const key = (chunk: number, bytes: number): ByteWriter =>
    node
      .u32(bytes)
      .u32(0)
      .u64(chunk * chunkRows)
      .zeros(8 * rank) // the other axes and, as the last, the bytes of a value
  // Nodes of a level are not linked: a search comes from above.
  node.ascii('TREE').u8(1, level).u16(children.length).u64(null).u64(null)
  for (const { first, bytes, address } of children) key(first, bytes).u64(address)
  key(end, 0)
  // Every node has room for all the children that it may have.
  return node.zeros((mostChildren - children.length) * (8 + 16 + 8 * rank)).done()
}
