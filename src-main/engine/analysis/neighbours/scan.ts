/**
 * The inner loop of every search for neighbours, in WebAssembly: squared distances from one row to groups of sixteen others, and the k
 * least of them so far, kept in order.
 *
 * Points lie in groups of sixteen, column by column ([d × 16] floats), so that four lanes of four hold sixteen sums at once. Differences
 * are squared and summed in the order of the columns, without fused operations: the same bits on every machine, exactly 0 between equal
 * rows. Missing points of the last group are infinitely far. Of points at the same distance the one met first is kept.
 */
import { f32, f32x4, type Func, i32, type Kernel, type Local, load, type Value } from '../../compute/wasm/assembler.ts'

export const lanes = 16
/** Bytes of a column of a group, and of the numbers of its points. */
const stride = 4 * lanes
const parts = [0, 16, 32, 48]
/** Columns written out one after the other; more go round in a loop of as many. */
const unrolled = 16

const number = (value: number): Value => i32.const(value)

/** The point at `id` with `value` goes to its place among the k best, the last of which falls out. */
function insert(f: Func, best: Local, ids: Local, last: Local, value: Local, id: Value): void {
  const which = f.local(id)
  const at = f.local(last)
  const before = (): Value => load.f32(i32.sub(at, number(4)))
  const idAt = (): Value => i32.add(ids, i32.sub(at, best))
  f.while(i32.and(i32.greater(at, best), i32.floatGreater(before(), value)), () => {
    f.store(at, before())
    f.store(idAt(), load.i32(i32.sub(idAt(), number(4))))
    f.set(at, i32.sub(at, number(4)))
  })
  f.store(at, value)
  f.store(idAt(), which)
}

/**
 * Parameters: query [d], first group and end of the groups, numbers of their points [groups × 16], best [k] (squared distances, rising,
 * infinite where there is none) and ids [k] of them, address of the last of best, scratch of 64 bytes.
 */
export const scanOf = (d: number): Kernel => ({
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [query, group, end, numbers, best, ids, last, scratch]) {
    const worst = f.local(load.f32(last))
    const worsts = f.local(f32x4.splat(worst))
    const sums = parts.map(() => f.local(f32x4.splat(f32.const(0))))
    const columns = (count: number, from: { readonly query: Value; readonly group: Value }): void => {
      for (let j = 0; j < count; j++) {
        const q = f.local(load.splat(from.query, 4 * j))
        for (const [p, part] of parts.entries()) {
          const difference = f.local(f32x4.sub(load.v128(from.group, stride * j + part), q))
          f.set(sums[p], f32x4.add(sums[p], f32x4.mul(difference, difference)))
        }
      }
    }
    const rounds = Math.floor(d / unrolled)
    f.while(i32.less(group, end), () => {
      for (const sum of sums) f.set(sum, f32x4.splat(f32.const(0)))
      const from = { query: f.local(query), group: f.local(group) }
      const step = (): void => {
        columns(unrolled, from)
        f.set(from.query, i32.add(from.query, number(4 * unrolled)))
        f.set(from.group, i32.add(from.group, number(stride * unrolled)))
      }
      if (rounds <= 4) for (let round = 0; round < rounds; round++) step()
      else f.each(number(0), number(rounds), 1, step)
      columns(d % unrolled, from)

      const nearer = sums.map((sum) => f.local(f32x4.less(sum, worsts)))
      f.if(i32.laneMask(nearer.reduce<Value>((a, b) => f32x4.or(a, b), nearer[0])), () => {
        for (const [p, sum] of sums.entries()) f.store(scratch, sum, parts[p])
        const masks = nearer.map((lanes, p) => i32.shiftLeft(i32.laneMask(lanes), number(4 * p)))
        const left = f.local(masks.reduce((a, b) => i32.or(a, b)))
        f.while(left, () => {
          const lane = f.local(i32.shiftLeft(i32.trailingZeros(left), number(2)))
          f.set(left, i32.and(left, i32.sub(left, number(1))))
          const value = f.local(load.f32(i32.add(scratch, lane)))
          f.if(i32.floatGreater(worst, value), () => {
            insert(f, best, ids, last, value, load.i32(i32.add(numbers, lane)))
            f.set(worst, load.f32(last))
          })
        })
        f.set(worsts, f32x4.splat(worst))
      })
      f.set(group, i32.add(group, number(stride * d)))
      f.set(numbers, i32.add(numbers, number(stride)))
    })
  },
})
