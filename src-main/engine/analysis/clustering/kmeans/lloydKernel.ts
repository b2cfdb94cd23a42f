/**
 * The inner loop of Lloyd's iteration, in WebAssembly: the nearest centre of each row, and the sum of the rows of each centre.
 *
 *   argmin_c ‖x − c‖² = argmin_c ( ½ ‖c‖² − x · c )
 *
 * Two rows at a time, each against up to sixteen centres in four lanes of four; sums of rows are doubles. Rows are expected to be centred,
 * so that nothing cancels. Products and sums come in the order of the columns, without fused operations: the same bits on every machine.
 */
import { f32, f32x4, f64x2, type Func, i32, type Kernel, type Local, load, type Value } from '#engine/compute/wasm/assembler.ts'

/** Centres come in fours; those that fill up the last four are never nearest. */
export const paddedTo4 = (k: number): number => 4 * Math.ceil(k / 4)

const vectorsAtOnce = 4
const number = (value: number): Value => i32.const(value)

/**
 * Rows whose nearest centre is another than before move from sum to sum; −1 is none before.
 * Parameters: first row and end (addresses; an even number of rows), centres by column [d × padded k], ½ ‖c‖² [padded k], labels [rows] (i32;
 * read and written), sums [k × d] (doubles, and one more), address of the number of rows that moved.
 */
export const lloydKernel = (k: number, d: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [row, end, centres, halves, labels, sums, changed]) {
    const vectors = paddedTo4(k) / 4
    const rowBytes = 4 * d
    const least = [f.local(f32.const(0)), f.local(f32.const(0))]
    const label = [f.local(number(0)), f.local(number(0))]
    f.while(i32.less(row, end), () => {
      for (let first = 0; first < vectors; first += vectorsAtOnce) {
        const count = Math.min(vectorsAtOnce, vectors - first)
        const scores = scoresOf(f, { row, centres, halves }, { first, count, d, perColumn: 16 * vectors })
        for (const which of [0, 1]) keepNearest(f, scores[which], 4 * first, least[which], label[which])
      }
      for (const which of [0, 1]) {
        const before = f.local(load.i32(labels, 4 * which))
        const sumsOf = (label: Local): Local => f.local(i32.add(sums, i32.mul(label, number(8 * d))))
        f.if(i32.notEqual(before, label[which]), () => {
          f.store(changed, i32.add(load.i32(changed), number(1)))
          f.store(labels, label[which], 4 * which)
          f.if(i32.greater(before, number(-1)), () => change(f, f64x2.sub, sumsOf(before), row, which * rowBytes, d))
          change(f, f64x2.add, sumsOf(label[which]), row, which * rowBytes, d)
        })
      }
      f.set(row, i32.add(row, number(2 * rowBytes)))
      f.set(labels, i32.add(labels, number(8)))
    })
  },
})

interface Addresses {
  readonly row: Local
  readonly centres: Local
  readonly halves: Local
}
interface Group {
  /** Vector of four centres to begin with, and how many. */
  readonly first: number
  readonly count: number
  readonly d: number
  /** Bytes of a column of the centres. */
  readonly perColumn: number
}

/** ½ ‖c‖² − x · c of two rows and a group of centres: [2][count] vectors. */
function scoresOf(f: Func, { row, centres, halves }: Addresses, { first, count, d, perColumn }: Group): Local[][] {
  const scores = [0, 1].map(() => Array.from({ length: count }, (_, v) => f.local(load.v128(halves, 16 * (first + v)))))
  const column = (x: Value, c: Value, xOffset: number, cOffset: number): void => {
    const values = [0, 1].map((which) => f.local(load.splat(x, 4 * d * which + xOffset)))
    for (let v = 0; v < count; v++) {
      const centre = f.local(load.v128(c, cOffset + 16 * (first + v)))
      for (const which of [0, 1]) f.set(scores[which][v], f32x4.sub(scores[which][v], f32x4.mul(values[which], centre)))
    }
  }
  const unrolled = Math.min(d, 16)
  const rounds = Math.floor(d / unrolled)
  if (rounds === 1) for (let j = 0; j < unrolled; j++) column(row, centres, 4 * j, perColumn * j)
  else {
    const x = f.local(row)
    const c = f.local(centres)
    f.each(number(0), number(rounds), 1, () => {
      for (let j = 0; j < unrolled; j++) column(x, c, 4 * j, perColumn * j)
      f.set(x, i32.add(x, number(4 * unrolled)))
      f.set(c, i32.add(c, number(perColumn * unrolled)))
    })
  }
  for (let j = rounds * unrolled; j < d; j++) column(row, centres, 4 * j, perColumn * j)
  return scores
}

/** The least of a group's scores, if it is below the least so far; the first of equal ones. */
function keepNearest(f: Func, scores: readonly Local[], firstCentre: number, least: Local, label: Local): void {
  const lanes = f.local(scores.slice(1).reduce<Value>((all, next) => f32x4.min(all, next), scores[0]))
  const lowest = f.local(f32.min(f32.min(f32.lane(lanes, 0), f32.lane(lanes, 1)), f32.min(f32.lane(lanes, 2), f32.lane(lanes, 3))))
  const find = (): void => {
    const everywhere = f.local(f32x4.splat(lowest))
    const places = scores.map((vector, v) => i32.shiftLeft(i32.laneMask(f32x4.equal(vector, everywhere)), number(4 * v)))
    f.set(least, lowest)
    f.set(label, i32.add(number(firstCentre), i32.trailingZeros(places.reduce((all, next) => i32.or(all, next)))))
  }
  if (firstCentre === 0) find()
  else f.if(i32.floatGreater(least, lowest), find)
}

/** Adds a row of floats to a row of doubles, or takes it away. */
function change(f: Func, by: (a: Value, b: Value) => Value, sums: Local, row: Local, offset: number, d: number): void {
  const pairs = (j: number, two: (at: Value, offset: number) => Value): void =>
    f.store(sums, by(load.v128(sums, 8 * j), f64x2.promote(two(row, offset + 4 * j))), 8 * j)
  for (let j = 0; j + 1 < d; j += 2) pairs(j, load.pair)
  // With the last of an odd number of columns comes a 0 for the place after it.
  if (d % 2 === 1) pairs(d - 1, load.single)
}
