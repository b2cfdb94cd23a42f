/**
 * The inner loop of Lloyd's iteration, in WebAssembly: the nearest centre of each row that may have another one than before, and the sum of
 * the rows of each centre.
 *
 *   argmin_c ‖x − c‖² = argmin_c ( ½ ‖c‖² − x · c )
 *
 * A row that is nearer to its centre than to any other by more than they have moved since keeps it (Hamerly, SDM 2010, with both bounds in
 * one number). The others are held two at a time against up to sixteen centres in four lanes of four; sums of rows are doubles. Rows are
 * expected to be centred, so that nothing cancels. Products and sums come in the order of the columns, without fused operations: the same
 * bits on every machine.
 */
import { f32, f32x4, f64x2, type Func, i32, type Kernel, type Local, load, type Value } from '#engine/compute/wasm/assembler.ts'

/** Centres come in fours; those that fill up the last four are never nearest. */
export const paddedTo4 = (k: number): number => 4 * Math.ceil(k / 4)

/** Rows are looked through so many at a time, and those among them that may change are noted. */
const rowsLookedThrough = 256
/** Bytes for their numbers, of which the last may be noted twice. */
export const notesBytes = 4 * (rowsLookedThrough + 1)

const vectorsAtOnce = 4
/** More than the rounding of a sum of two floats can add. */
const downwards = 1 - 2 ** -20
const number = (value: number): Value => i32.const(value)
const real = (value: number): Value => f32.const(value)

/**
 * Rows whose nearest centre is another than before move from sum to sum; −1 is none before.
 * Parameters, addresses but for the last two: first row; centres by column [d × padded k]; ½ ‖c‖² [padded k]; how far each centre and any
 * other have moved together [k], after an infinity for rows that have none; labels [rows] (i32; read and written); up to where rows keep their
 * centres as these move [rows] (read and written); sums [k × d] (doubles, and one more); rows of each centre [k] (i32); how many rows changed, and
 * were held against the centres (i32, both are added to); room for notes; how many rows; the largest ‖c‖.
 */
export const lloydKernel = (k: number, d: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'f32'],
  build(f, [rows, centres, halves, moved, labels, until, sums, counts, tally, notes, count, longest]) {
    const vectors = paddedTo4(k) / 4
    const float = (): Local => f.local(real(0))
    const found = [0, 1].map(() => ({ least: float(), second: float(), label: f.local(number(0)) }))
    f.each(number(0), count, rowsLookedThrough, (from) => {
      const end = f.local(i32.add(from, number(rowsLookedThrough)))
      f.if(i32.greater(end, count), () => f.set(end, count))
      const noted = noteRows(f, { from, end, labels, until, moved, notes })
      f.store(tally, i32.add(load.i32(tally, 4), i32.shiftRight(i32.sub(noted, notes), number(2))), 4)
      // An odd last row goes with itself: the second time it does not change.
      f.store(noted, load.i32(i32.sub(noted, number(4))))
      f.each(notes, noted, 8, (note) => {
        const numbers = [0, 1].map((which) => f.local(load.i32(note, 4 * which)))
        const two = numbers.map((row) => f.local(i32.add(rows, i32.mul(row, number(4 * d)))))
        for (let first = 0; first < vectors; first += vectorsAtOnce) {
          const group = { first, count: Math.min(vectorsAtOnce, vectors - first), d, perColumn: 16 * vectors }
          const scores = scoresOf(f, { two, centres, halves }, group)
          for (const which of [0, 1]) keepNearest(f, scores[which], 4 * first, found[which])
        }
        for (const which of [0, 1]) {
          const { label } = found[which]
          const row = two[which]
          const place = f.local(i32.shiftLeft(numbers[which], number(2)))
          const margin = marginOf(f, row, d, longest, found[which])
          const limit = f32.mul(f32.add(margin, load.f32(of(moved, label))), real(downwards))
          f.store(i32.add(until, place), limit)
          const labelAt = f.local(i32.add(labels, place))
          const before = f.local(load.i32(labelAt))
          const add = (at: Value, by: number): void => f.store(at, i32.add(load.i32(at), number(by)))
          f.if(i32.notEqual(before, label), () => {
            add(tally, 1)
            f.store(labelAt, label)
            f.if(i32.greater(before, number(-1)), () => {
              add(of(counts, before), -1)
              addRow(f, f64x2.sub, f.local(i32.add(sums, i32.mul(before, number(8 * d)))), row, d)
            })
            add(of(counts, label), 1)
            addRow(f, f64x2.add, f.local(i32.add(sums, i32.mul(label, number(8 * d)))), row, d)
          })
        }
      })
    })
  },
})

/** Of four bytes each. */
const of = (start: Value, which: Value): Value => i32.add(start, i32.shiftLeft(which, number(2)))

/** Notes the rows that may have another centre now; returns the address after the last. */
function noteRows(f: Func, a: Readonly<Record<'from' | 'end' | 'labels' | 'until' | 'moved' | 'notes', Local>>): Local {
  const noted = f.local(a.notes)
  f.each(a.from, a.end, 1, (row) => {
    const far = load.f32(of(a.moved, load.i32(of(a.labels, row))))
    f.store(noted, row)
    // Without a branch, which would be guessed wrong too often. What is no number is no more.
    const keeps = i32.floatGreater(load.f32(of(a.until, row)), far)
    f.set(noted, i32.add(noted, i32.shiftLeft(i32.isZero(keeps), number(2))))
  })
  return noted
}

interface Addresses {
  readonly two: readonly Local[]
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
function scoresOf(f: Func, { two, centres, halves }: Addresses, { first, count, d, perColumn }: Group): Local[][] {
  const scores = [0, 1].map(() => Array.from({ length: count }, (_, v) => f.local(load.v128(halves, 16 * (first + v)))))
  const column = (x: readonly Value[], c: Value, xOffset: number, cOffset: number): void => {
    const values = x.map((row) => f.local(load.splat(row, xOffset)))
    for (let v = 0; v < count; v++) {
      const centre = f.local(load.v128(c, cOffset + 16 * (first + v)))
      for (const which of [0, 1]) f.set(scores[which][v], f32x4.sub(scores[which][v], f32x4.mul(values[which], centre)))
    }
  }
  const unrolled = Math.min(d, 16)
  const rounds = Math.floor(d / unrolled)
  if (rounds === 1) for (let j = 0; j < unrolled; j++) column(two, centres, 4 * j, perColumn * j)
  else {
    const x = two.map((row) => f.local(row))
    const c = f.local(centres)
    f.each(number(0), number(rounds), 1, () => {
      for (let j = 0; j < unrolled; j++) column(x, c, 4 * j, perColumn * j)
      for (const row of x) f.set(row, i32.add(row, number(4 * unrolled)))
      f.set(c, i32.add(c, number(perColumn * unrolled)))
    })
  }
  for (let j = rounds * unrolled; j < d; j++) column(two, centres, 4 * j, perColumn * j)
  return scores
}

interface Found {
  /** Scores of the nearest centre and of the next, and the number of the nearest. */
  readonly least: Local
  readonly second: Local
  readonly label: Local
}

/** Takes a group's scores into account; the first of equal ones is the nearest. */
function keepNearest(f: Func, scores: readonly Local[], firstCentre: number, { least, second, label }: Found): void {
  const lowestOf = (vectors: readonly Value[]): Local => {
    const lanes = f.local(vectors.slice(1).reduce((all, next) => f32x4.min(all, next), vectors[0]))
    return f.local(f32.min(f32.min(f32.lane(lanes, 0), f32.lane(lanes, 1)), f32.min(f32.lane(lanes, 2), f32.lane(lanes, 3))))
  }
  const lowest = lowestOf(scores)
  const everywhere = f.local(f32x4.splat(lowest))
  const isLowest = scores.map((vector) => f.local(f32x4.equal(vector, everywhere)))
  const infinite = f.local(f32x4.splat(real(Number.POSITIVE_INFINITY)))
  const next = lowestOf(scores.map((vector, v) => f32x4.select(infinite, vector, isLowest[v])))
  const places = f.local(
    isLowest.map((mask, v) => i32.shiftLeft(i32.laneMask(mask), number(4 * v))).reduce((all, mask) => i32.or(all, mask)),
  )
  f.if(i32.and(places, i32.sub(places, number(1))), () => f.set(next, lowest))
  const take = (): void => {
    f.set(least, lowest)
    f.set(label, i32.add(number(firstCentre), i32.trailingZeros(places)))
  }
  if (firstCentre === 0) {
    take()
    f.set(second, next)
    return
  }
  f.if(
    i32.floatGreater(least, lowest),
    () => {
      f.set(second, f32.min(least, next))
      take()
    },
    () => f.set(second, f32.min(second, lowest)),
  )
}

/**
 * By how much a row is nearer to its centre than to any other, at least:
 *
 *   ‖x − b‖ − ‖x − a‖ = (‖x − b‖² − ‖x − a‖²) / (‖x − b‖ + ‖x − a‖)        ‖x − c‖² = ‖x‖² + 2 score
 *
 * Rounding changes none of these squares by more than 2 γ (‖x‖ + max ‖c‖)², with γ = (d + 4) 2⁻²³ (Higham 2002, section 3.1).
 */
function marginOf(f: Func, row: Local, d: number, longest: Local, { least, second }: Found): Value {
  const gamma = (d + 4) * 2 ** -23
  const squared = squaredLength(f, row, d)
  const long = f.local(f32.add(f32.sqrt(squared), longest))
  const distance = (score: Local): Value => f32.sqrt(f32.max(real(0), f32.add(squared, f32.add(score, score))))
  const apart = f32.sub(f32.mul(real(2), f32.sub(second, least)), f32.mul(real(4 * gamma), f32.mul(long, long)))
  return f32.div(apart, f32.add(f32.add(distance(least), distance(second)), f32.mul(real(4 * Math.sqrt(gamma)), long)))
}

function squaredLength(f: Func, row: Local, d: number): Local {
  const sum = f.local(f32x4.splat(real(0)))
  const add = (value: Value): void => {
    const four = f.local(value)
    f.set(sum, f32x4.add(sum, f32x4.mul(four, four)))
  }
  const fours = Math.floor(d / 4)
  const unrolled = Math.min(fours, 4)
  const rounds = unrolled > 0 ? Math.floor(fours / unrolled) : 0
  const at = f.local(row)
  if (rounds > 0)
    f.each(number(0), number(rounds), 1, () => {
      for (let v = 0; v < unrolled; v++) add(load.v128(at, 16 * v))
      f.set(at, i32.add(at, number(16 * unrolled)))
    })
  for (let v = rounds * unrolled; v < fours; v++) add(load.v128(row, 16 * v))
  if (d % 4 >= 2) add(load.pair(row, 16 * fours))
  if (d % 2 === 1) add(load.single(row, 4 * (d - 1)))
  return f.local(f32.add(f32.add(f32.lane(sum, 0), f32.lane(sum, 1)), f32.add(f32.lane(sum, 2), f32.lane(sum, 3))))
}

/** Adds a row of floats to a row of doubles, or takes it away. */
export function addRow(f: Func, by: (a: Value, b: Value) => Value, sums: Local, row: Local, d: number): void {
  const pairs = (j: number, two: (at: Value, offset: number) => Value): void =>
    f.store(sums, by(load.v128(sums, 8 * j), f64x2.promote(two(row, 4 * j))), 8 * j)
  for (let j = 0; j + 1 < d; j += 2) pairs(j, load.pair)
  // With the last of an odd number of columns comes a 0 for the place after it.
  if (d % 2 === 1) pairs(d - 1, load.single)
}
