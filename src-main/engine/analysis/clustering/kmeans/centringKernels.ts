/** What is done once to the rows of Lloyd's iteration, in WebAssembly: the sums of their columns, and their mean taken off. */
import { f32, f32x4, f64x2, i32, type Kernel, load } from '#engine/compute/wasm/assembler.ts'
import { addRow } from './lloydKernel.ts'

/** Adds rows to sums. Parameters: first row and end (addresses), sums [d] (doubles, and one more). */
export const columnSums = (d: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32'],
  build: (f, [rows, end, sums]) => f.each(rows, end, 4 * d, (row) => addRow(f, f64x2.add, sums, row, d)),
})

const columnsAtOnce = 16

/**
 * Takes a row from all rows, and adds their squares to a sum.
 * Parameters: first row and end (addresses), what is taken off [d], the sum in two lanes (doubles).
 */
export const centring = (d: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32'],
  build(f, [row, end, middle, squares]) {
    // Sums take turns, so that they do not wait for one another.
    const sums = Array.from({ length: 4 }, () => f.local(f32x4.splat(f32.const(0))))
    f.while(i32.less(row, end), () => {
      const m = f.local(middle)
      const columns = (count: number): void => {
        for (let j = 0; j < count; j += 2) {
          const isPair = j + 1 < count
          const two = isPair ? load.pair : load.single
          const apart = f.local(f32x4.sub(two(row, 4 * j), two(m, 4 * j)))
          if (isPair) f.storePair(i32.add(row, i32.const(4 * j)), apart)
          else f.store(row, f32.lane(apart, 0), 4 * j)
          const double = f.local(f64x2.promote(apart))
          const sum = sums[(j / 2) % sums.length]
          f.set(sum, f64x2.add(sum, f64x2.mul(double, double)))
        }
        f.set(row, i32.add(row, i32.const(4 * count)))
        f.set(m, i32.add(m, i32.const(4 * count)))
      }
      f.each(i32.const(0), i32.const(Math.floor(d / columnsAtOnce)), 1, () => columns(columnsAtOnce))
      columns(d % columnsAtOnce)
    })
    f.store(squares, f64x2.add(load.v128(squares), f64x2.add(f64x2.add(sums[0], sums[1]), f64x2.add(sums[2], sums[3]))))
  },
})
