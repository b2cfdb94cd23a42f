/**
 * The inner loops of EM, in WebAssembly: how far rows lie from a component, and the sums over rows that its next shape is made of.
 *
 *   ‖L⁻¹ (x − μ)‖²        Σ r (x − μ)   and   Σ r (x − μ)(x − μ)ᵀ
 *
 * All are doubles. Rows come in groups of four, which are two vectors: of each group the columns one after another, each with its four
 * rows. Columns are filled up with zeros to a multiple of four. Products and sums come in a fixed order, without fused operations: the
 * same bits on every machine.
 */
import { f32, f32x4, f64x2, type Func, i32, type Kernel, type Local, load, type Value } from '#engine/compute/wasm/assembler.ts'

export const rowsPerGroup = 4
/** Columns with those that fill up. */
export const paddedColumns = (d: number): number => 4 * Math.ceil(d / 4)

/** A number for each row of a group, in bytes. */
const groupBytes = 8 * rowsPerGroup
/** Sums are kept in two lanes, which are added up in the end. */
const sumBytes = 16
const zeros = f32x4.splat(f32.const(0))
const number = (value: number): Value => i32.const(value)
const plus = (at: Value, offset: number): Value => i32.add(at, number(offset))
const pair = (f: Func, at: Value, offset = 0): [Local, Local] => [f.local(load.v128(at, offset)), f.local(load.v128(at, offset + 16))]

/** A sum for each row of a group, in two vectors. */
type Halves = readonly [Local, Local]

/**
 * Squared lengths of rows less the mean after whitening, which `whitened` adds up for a group.
 * Parameters: rows, end of the rows, mean [columns], what whitens, room for a group; squared lengths [rows].
 */
const squares = (
  d: number,
  whitened: (f: Func, group: { difference: Local; whiten: Local; sum: Halves; columns: number }) => void,
): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [rows, end, mean, whiten, difference, squared]) {
    const columns = paddedColumns(d)
    f.while(i32.less(rows, end), () => {
      subtract(f, { rows, mean, difference }, columns)
      const sum: Halves = [f.local(zeros), f.local(zeros)]
      whitened(f, { difference, whiten, sum, columns })
      for (const half of [0, 1]) f.store(squared, sum[half], 16 * half)
      f.set(rows, plus(rows, groupBytes * columns))
      f.set(squared, plus(squared, groupBytes))
    })
  },
})

const addSquare = (f: Func, sum: Halves, half: number, value: Local): void =>
  f.set(sum[half], f64x2.add(sum[half], f64x2.mul(value, value)))

const bandedSquares = (d: number, isTriangle: boolean): Kernel =>
  squares(d, (f, { difference, whiten, sum, columns }) => {
    const weights = f.local(whiten)
    f.each(number(groupBytes * 4), number(groupBytes * (columns + 4)), groupBytes * 4, (bandEnd) => {
      const products = Array.from({ length: 4 }, () => [f.local(zeros), f.local(zeros)])
      f.each(difference, i32.add(difference, isTriangle ? bandEnd : number(groupBytes * columns)), groupBytes, (at) => {
        const x = pair(f, at)
        for (const [row, its] of products.entries()) {
          const weight = f.local(load.splat64(weights, 8 * row))
          for (const half of [0, 1]) f.set(its[half], f64x2.add(its[half], f64x2.mul(weight, x[half])))
        }
        f.set(weights, plus(weights, 32))
      })
      for (const its of products) for (const half of [0, 1]) addSquare(f, sum, half, its[half])
    })
  })

/** By L⁻¹ as `packBands` lays a triangle out. */
export const denseSquares = (d: number): Kernel => bandedSquares(d, true)
/** By a matrix of at most as many rows as columns, as `packBands` lays it out. */
export const wholeSquares = (d: number): Kernel => bandedSquares(d, false)

/** Numbers of `packBands`: of a triangle 4 · (4 + 8 + …). */
export function bandedSize(d: number, isTriangle: boolean): number {
  const columns = paddedColumns(d)
  return isTriangle ? (columns * (columns + 4)) / 2 : columns * columns
}

/** A matrix [rows × d] in bands of four rows, each by column, four numbers a column; of a lower triangle up to the diagonal. */
export function packBands(
  W: Float64Array,
  from: number,
  { rows, d, isTriangle }: { readonly rows: number; readonly d: number; readonly isTriangle: boolean },
  out: Float64Array,
): void {
  const columns = paddedColumns(d)
  let to = 0
  for (let band = 0; band < columns; band += 4)
    for (let j = 0, end = isTriangle ? band + 4 : columns; j < end; j++)
      for (let i = band; i < band + 4; i++) out[to++] = i < rows && j < d && (j <= i || !isTriangle) ? W[from + i * d + j] : 0
}

/** By 1 / σ [columns]. */
export const diagonalSquares = (d: number): Kernel =>
  squares(d, (f, { difference, whiten, sum, columns }) => {
    const weights = f.local(whiten)
    f.each(difference, plus(difference, groupBytes * columns), groupBytes, (at) => {
      const [weight, x] = [f.local(load.splat64(weights)), pair(f, at)]
      for (const half of [0, 1]) addSquare(f, sum, half, f.local(f64x2.mul(weight, x[half])))
      f.set(weights, plus(weights, 8))
    })
  })

/**
 * Adds rows to the sums of a component; second sums by `products`.
 * Parameters: rows less the mean, their end, shares r [rows], room for as many weighted rows, first sums [columns], second sums; every sum has
 * two lanes.
 */
const moments = (
  d: number,
  products: (f: Func, of: { rows: Local; end: Local; apart: Local; second: Local; columns: number }) => void,
): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [rows, end, shares, weighted, first, second]) {
    const columns = paddedColumns(d)
    const apart = f.local(i32.sub(weighted, rows))
    weigh(f, { rows, end, shares, apart, first }, columns)
    products(f, { rows, end, apart, second, columns })
  },
})

/** Second sums [columns × columns], of which the lower triangle is right. */
export const denseMoments = (d: number): Kernel =>
  moments(d, (f, { rows, end, apart, second, columns }) => {
    // Four rows of the matrix against two columns: eight sums stay in registers while all rows pass.
    const across = f.local(second)
    f.each(number(0), number(groupBytes * columns), groupBytes * 4, (i) => {
      f.each(number(0), plus(i, groupBytes * 4), groupBytes * 2, (j) => {
        const place = f.local(i32.add(across, i32.shiftRight(j, number(1))))
        const at = (row: number, column: number): number => sumBytes * (row * columns + column)
        const sums = [0, 1, 2, 3].map((row) => [0, 1].map((column) => f.local(load.v128(place, at(row, column)))))
        f.each(rows, end, groupBytes * columns, (group) => {
          const one = f.local(i32.add(i32.add(group, i), apart))
          const other = f.local(i32.add(group, j))
          for (const half of [0, 16]) {
            const values = [0, 1].map((column) => f.local(load.v128(other, groupBytes * column + half)))
            for (const [row, its] of sums.entries()) {
              const value = f.local(load.v128(one, groupBytes * row + half))
              for (const column of [0, 1]) f.set(its[column], f64x2.add(its[column], f64x2.mul(value, values[column])))
            }
          }
        })
        for (const [row, its] of sums.entries()) for (const column of [0, 1]) f.store(place, its[column], at(row, column))
      })
      f.set(across, plus(across, 4 * sumBytes * columns))
    })
  })

/** Second sums of the diagonal alone [columns]. */
export const diagonalMoments = (d: number): Kernel =>
  moments(d, (f, { rows, end, apart, second, columns }) => {
    const place = f.local(second)
    f.each(number(0), number(groupBytes * columns), groupBytes, (j) => {
      const sum = f.local(load.v128(place))
      f.each(i32.add(rows, j), i32.add(end, j), groupBytes * columns, (at) => {
        const other = f.local(i32.add(at, apart))
        for (const half of [0, 16]) f.set(sum, f64x2.add(sum, f64x2.mul(load.v128(other, half), load.v128(at, half))))
      })
      f.store(place, sum)
      f.set(place, plus(place, sumBytes))
    })
  })

function subtract(f: Func, { rows, mean, difference }: Record<'rows' | 'mean' | 'difference', Local>, columns: number): void {
  const [from, middle] = [f.local(rows), f.local(mean)]
  f.each(difference, plus(difference, groupBytes * columns), groupBytes, (to) => {
    const value = f.local(load.splat64(middle))
    for (const half of [0, 16]) f.store(to, f64x2.sub(load.v128(from, half), value), half)
    f.set(from, plus(from, groupBytes))
    f.set(middle, plus(middle, 8))
  })
}

/** r (x − μ) of every row, `apart` from where the row lies, and their sums. */
function weigh(
  f: Func,
  { rows, end, shares, apart, first }: Record<'rows' | 'end' | 'shares' | 'apart' | 'first', Local>,
  columns: number,
): void {
  const share = f.local(shares)
  f.each(rows, end, groupBytes * columns, (group) => {
    const its = pair(f, share)
    const sums = f.local(first)
    f.each(group, plus(group, groupBytes * columns), groupBytes, (at) => {
      const to = f.local(i32.add(at, apart))
      const scaled = [0, 1].map((half) => f.local(f64x2.mul(its[half], load.v128(at, 16 * half))))
      for (const half of [0, 1]) f.store(to, scaled[half], 16 * half)
      f.store(sums, f64x2.add(load.v128(sums), f64x2.add(scaled[0], scaled[1])))
      f.set(sums, plus(sums, sumBytes))
    })
    f.set(share, plus(share, groupBytes))
  })
}
