/**
 * The inner loop of k-means++, in WebAssembly: of every row the squared distance to each of some candidates, or to the nearest centre so far
 * where that is less. Four rows at a time, four candidates in the lanes; differences are taken before they are squared, so a row that equals
 * a candidate is at 0.
 */
import { f32, f32x4, i32, type Kernel, load, type Value } from '#engine/compute/wasm/assembler.ts'

export const rowsAtOnce = 4
const columnsAtOnce = 8
const number = (value: number): Value => i32.const(value)

/**
 * @param vectors of four candidates
 * Parameters: first row and end (addresses; rows in fours), candidates by column [d × 4 vectors], squared distance of each row so far [rows],
 * where results go [vectors × rows × 4], and the bytes of one vector's [rows × 16].
 */
export const seedingKernel = (d: number, vectors: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [row, end, candidates, closest, out, outBytes]) {
    const all = Array.from({ length: rowsAtOnce }, (_, which) => which)
    const places = Array.from({ length: vectors }, (_, v) => v)
    f.while(i32.less(row, end), () => {
      const zero = f.local(f32x4.splat(f32.const(0)))
      const sums = all.map(() => places.map(() => f.local(zero)))
      const x = f.local(row)
      const c = f.local(candidates)
      const column = (j: number): void => {
        const vector = places.map((v) => f.local(load.v128(c, 16 * (j * vectors + v))))
        for (const which of all) {
          const value = f.local(load.splat(x, 4 * (d * which + j)))
          for (const v of places) {
            const difference = f.local(f32x4.sub(value, vector[v]))
            f.set(sums[which][v], f32x4.add(sums[which][v], f32x4.mul(difference, difference)))
          }
        }
      }
      const rounds = Math.floor(d / columnsAtOnce)
      f.each(number(0), number(rounds), 1, () => {
        for (let j = 0; j < columnsAtOnce; j++) column(j)
        f.set(x, i32.add(x, number(4 * columnsAtOnce)))
        f.set(c, i32.add(c, number(16 * vectors * columnsAtOnce)))
      })
      for (let j = 0; j < d % columnsAtOnce; j++) column(j)
      for (const which of all) {
        const soFar = f.local(load.splat(closest, 4 * which))
        for (const v of places)
          f.store(v === 0 ? out : i32.add(out, i32.mul(outBytes, number(v))), f32x4.min(sums[which][v], soFar), 16 * which)
      }
      f.set(row, i32.add(row, number(4 * d * rowsAtOnce)))
      f.set(closest, i32.add(closest, number(4 * rowsAtOnce)))
      f.set(out, i32.add(out, number(16 * rowsAtOnce)))
    })
  },
})
