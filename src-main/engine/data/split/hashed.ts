/** Rows held out at random, each for itself or with its neighbours. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { rowHash } from '../rowHash.ts'
import { heldOut, learned, type RowSides } from './sides.ts'

/** Keeps this draw apart from that of the rows that are learned from. */
export const splitStream = 0x51ab

/** Largest side of a held-out square, in pixels; smaller rasters get smaller squares, so that there are some 200 at least. */
const largestBlock = 32
const fewestBlocks = 200

/**
 * 'blocks': squares of neighbouring pixels (or stretches of neighbouring rows) are held out whole, so that neighbours do not leak.
 * Blocks are ranked by their hash, so that the share is met as exactly as blocks allow.
 */
export function hashedSides(meta: Pick<DatasetMeta, 'rows' | 'grid'>, splitBy: 'blocks' | 'random', share: number, seed: number): RowSides {
  if (share === 0) return () => learned
  const stream = seed ^ splitStream
  if (splitBy === 'random') return (row) => (rowHash(stream, row) < share * 4_294_967_296 ? heldOut : learned)
  const { blocks, blockOf } = blocksOf(meta)
  const limit = thresholdFor(blocks, share, stream)
  return (row) => (rowHash(stream, blockOf(row)) <= limit ? heldOut : learned)
}

function blocksOf({ rows, grid }: Pick<DatasetMeta, 'rows' | 'grid'>): { blocks: number; blockOf: (row: number) => number } {
  if (!grid) {
    const size = Math.max(1, Math.min(1024, Math.floor(rows / fewestBlocks)))
    return { blocks: Math.ceil(rows / size), blockOf: (row) => Math.floor(row / size) }
  }
  const { width, height } = grid
  const side = Math.max(1, Math.min(largestBlock, Math.floor(Math.sqrt((width * height) / fewestBlocks))))
  const across = Math.ceil(width / side)
  return {
    blocks: across * Math.ceil(height / side),
    blockOf: (row) => Math.floor(Math.floor(row / width) / side) * across + Math.floor((row % width) / side),
  }
}

function thresholdFor(blocks: number, share: number, stream: number): number {
  const wanted = Math.max(1, Math.round(share * blocks))
  // With this many blocks the share is met closely enough without ranking them.
  if (blocks > 1_000_000) return Math.floor(share * 4_294_967_295)
  const hashes = Uint32Array.from({ length: blocks }, (_, i) => rowHash(stream, i)).sort()
  return hashes[wanted - 1] as number
}
