/**
 * In which order rows are learned from. A pass takes the blocks of the data (rows that lie side by side on disk, read in one go)
 * in random order, some from many places make a shard, and the rows of a shard are shuffled: so every row comes once in a pass,
 * and no more than a shard has to be in memory. Data no larger than a shard are shuffled whole.
 *
 * The order follows from the shape of the data, batch size, seed, stage and pass, never from the memory at hand: rows in memory
 * and rows from disk give the same weights, bit for bit.
 */
import { permutation } from '../compute/random/counter.ts'

/** A block is what the array store keeps in one piece. */
const blockBytes = 2 ** 20
/** Two shards are in memory, one in use and one being read. A shard has rows from 64 places at least. */
export const shardBytes = 64 * 2 ** 20

export interface OrderSizes {
  readonly blockBytes: number
  readonly shardBytes: number
}

/** Rows of a block of float32 data; the array store's pieces have as many. */
export const blockRowsOf = (columns: number, bytes = blockBytes): number =>
  Math.max(1, Math.floor(bytes / (columns * Float32Array.BYTES_PER_ELEMENT)))

export interface RowOrder {
  readonly rows: number
  readonly columns: number
  readonly shardsPerPass: number
  /** Rows of the largest shard. */
  readonly shardRows: number
  shard(pass: number, i: number): ShardPlan
  /** Where the endless stream of passes has its row number `row`. */
  place(row: number): { readonly pass: number; readonly shard: number }
}

export interface ShardPlan {
  readonly pass: number
  /** Number of its first row in the endless stream of passes. */
  readonly start: number
  readonly rows: number
  /** First row and number of rows of each block, in the order in which they are put side by side. */
  readonly blocks: readonly { readonly from: number; readonly count: number }[]
  /** What its rows are shuffled by. */
  readonly seed: number
  readonly site: string
}

/** The shard's rows in the order of learning, as positions among its blocks laid side by side. Memory: 4 bytes per row. */
export const shuffled = ({ rows, seed, site }: Pick<ShardPlan, 'rows' | 'seed' | 'site'>): Int32Array => permutation(rows, seed, site)

/** Memory: 8 bytes per block. A shard has at least as many rows as a batch, so that a step never needs more than two shards. */
export function rowOrder(
  rows: number,
  columns: number,
  batch: number,
  seed: number,
  stage: number,
  sizes: OrderSizes = { blockBytes, shardBytes },
): RowOrder {
  const blockRows = blockRowsOf(columns, sizes.blockBytes)
  const blocks = Math.ceil(rows / blockRows)
  const wanted = Math.max(4 * batch, Math.floor(sizes.shardBytes / (columns * Float32Array.BYTES_PER_ELEMENT)))
  // Four blocks, because two shards of two are what is left when five blocks are shared out.
  const shardsPerPass = Math.max(1, Math.ceil(blocks / Math.max(4, Math.ceil(wanted / blockRows))))
  const isWhole = shardsPerPass === 1
  const rowsIn = (block: number): number => Math.min(blockRows, rows - block * blockRows)
  const firstBlock = (shard: number): number => Math.floor((shard * blocks) / shardsPerPass)

  interface Pass {
    readonly pass: number
    readonly order: Int32Array
    /** Rows before each shard. */
    readonly starts: readonly number[]
  }
  let known: Pass | null = null
  function passAt(pass: number): Pass {
    if (known?.pass === pass) return known
    const order = isWhole ? Int32Array.from({ length: blocks }, (_, i) => i) : permutation(blocks, seed, `blocks/${stage}/${pass}`)
    const starts = [0]
    for (let shard = 0; shard < shardsPerPass; shard++) {
      const taken = order.subarray(firstBlock(shard), firstBlock(shard + 1))
      starts.push(starts[shard] + taken.reduce((sum, block) => sum + rowsIn(block), 0))
    }
    known = { pass, order, starts }
    return known
  }

  return {
    rows,
    columns,
    shardsPerPass,
    shardRows: Math.min(rows, Math.ceil(blocks / shardsPerPass) * blockRows),
    shard(pass, i) {
      const { order, starts } = passAt(pass)
      return {
        pass,
        start: pass * rows + starts[i],
        rows: starts[i + 1] - starts[i],
        blocks: Array.from(order.subarray(firstBlock(i), firstBlock(i + 1)), (block) => ({
          from: block * blockRows,
          count: rowsIn(block),
        })),
        seed,
        site: isWhole ? `order/${stage}/${pass}` : `order/${stage}/${pass}/${i}`,
      }
    },
    place(row) {
      const pass = Math.floor(row / rows)
      const { starts } = passAt(pass)
      return { pass, shard: starts.findIndex((start, i) => i > 0 && start > row % rows) - 1 }
    },
  }
}
