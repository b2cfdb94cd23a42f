/**
 * The k largest of pre + b in each row, rectified: values falling, the lower index first among equals.
 *
 * A heap of the k best so far has the worst of them on top; a row is scanned 16 numbers at a time against that one, and only the few
 * that are larger are looked at by themselves. The scan starts from a little less than the row before ended with, and again from
 * zero where that was too much. Codes that are not there are zeros at index 0. What is not a number counts as large, so that it
 * is seen.
 */
import { f32, f32x4, type Func, i32, type Kernel, type Local, load, type Value } from './assembler.ts'

const number = (value: number): Value => i32.const(value)
const bytes = (count: Value): Value => i32.shiftLeft(count, number(2))
const allLanes = number(15)

/** Places are numbered from 0; the children of place p are 2p + 1 and 2p + 2. */
interface Heap {
  readonly values: Local
  readonly index: Local
}
/** Positive floats, and what is no number above them, compare like the whole numbers that their bits are. */
interface Item {
  readonly bits: Value
  readonly which: Value
}
const itemAt = ({ values, index }: Heap, place: Value): Item => ({
  bits: load.i32(i32.add(values, bytes(place))),
  which: load.i32(i32.add(index, bytes(place))),
})
function put(f: Func, { values, index }: Heap, place: Value, { bits, which }: Item): void {
  f.store(i32.add(values, bytes(place)), bits)
  f.store(i32.add(index, bytes(place)), which)
}
/** Smaller, or equal and further right. */
const worse = (a: Item, b: Item): Value =>
  i32.or(i32.less(a.bits, b.bits), i32.and(i32.equal(a.bits, b.bits), i32.greater(a.which, b.which)))

/** `item` goes into the heap of `size` at `place` and down to where no child is worse. */
function siftDown(f: Func, heap: Heap, size: Value, place: Value, { bits, which }: Item): void {
  const item = { bits: f.local(bits), which: f.local(which) }
  const hole = f.local(place)
  const firstChild = (): Value => i32.add(i32.shiftLeft(hole, number(1)), number(1))
  const child = f.local(firstChild())
  f.while(i32.less(child, size), () => {
    const next = i32.add(child, number(1))
    f.if(i32.less(next, size), () => f.if(worse(itemAt(heap, next), itemAt(heap, child)), () => f.set(child, next)))
    f.if(
      worse(itemAt(heap, child), item),
      () => {
        put(f, heap, hole, itemAt(heap, child))
        f.set(hole, child)
        f.set(child, firstChild())
      },
      () => f.set(child, size),
    )
  })
  put(f, heap, hole, item)
}

function heapify(f: Func, heap: Heap, size: Value): void {
  const place = f.local(i32.shiftRight(size, number(1)))
  f.while(i32.greater(place, number(0)), () => {
    f.set(place, i32.sub(place, number(1)))
    siftDown(f, heap, size, place, itemAt(heap, place))
  })
}

/** The worst goes last, then the worst of the rest, …: falling order. */
function sort(f: Func, heap: Heap, size: Value): void {
  const last = f.local(i32.sub(size, number(1)))
  f.while(i32.greater(last, number(0)), () => {
    const item = { bits: f.local(itemAt(heap, last).bits), which: f.local(itemAt(heap, last).which) }
    put(f, heap, last, itemAt(heap, number(0)))
    siftDown(f, heap, last, number(0), item)
    f.set(last, i32.sub(last, number(1)))
  })
}

/** Share of the least of one row's codes that the next row is scanned from. */
const guessed = 0.9

/** pre [B, M], bias [M] → values [B, k], index [B, k] */
export const topCodes: Kernel = {
  parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  build(f, [pre, bias, values, index, B, M, k]) {
    const heap = { values, index }
    const guess = f.local(f32.const(0))
    const row = f.local(number(0))
    f.while(i32.less(row, B), () => {
      const count = f.local(number(0))
      const least = f.local(guess)
      const leasts = f.local(f32x4.splat(least))
      const raise = (): void => {
        f.set(least, load.f32(values))
        f.set(leasts, f32x4.splat(least))
      }

      /** Takes column `at` in if it is larger than the worst that is kept. */
      const consider = (at: Value): void => {
        const value = f.local(f32.add(load.f32(i32.add(pre, bytes(at))), load.f32(i32.add(bias, bytes(at)))))
        f.if(i32.isZero(i32.floatAtMost(value, least)), () => {
          const item = { bits: f.local(i32.bits(f32.abs(value))), which: at }
          f.if(
            i32.less(count, k),
            () => {
              put(f, heap, count, item)
              f.set(count, i32.add(count, number(1)))
              f.if(i32.equal(count, k), () => {
                heapify(f, heap, k)
                raise()
              })
            },
            // what is no number passes every comparison, but only what is larger may take its place
            () =>
              f.if(i32.less(load.i32(values), item.bits), () => {
                siftDown(f, heap, k, number(0), item)
                raise()
              }),
          )
        })
      }

      const whole = f.local(i32.and(M, number(-16)))
      f.each(number(0), whole, 16, (at) => {
        const [x, b] = [f.local(i32.add(pre, bytes(at))), f.local(i32.add(bias, bytes(at)))]
        const small = [0, 16, 32, 48].map((lane) => f.local(f32x4.atMost(f32x4.add(load.v128(x, lane), load.v128(b, lane)), leasts)))
        f.if(i32.notEqual(i32.laneMask(small.reduce<Value>((a, c) => f32x4.and(a, c), small[0])), allLanes), () => {
          for (const [i, four] of small.entries())
            f.if(i32.notEqual(i32.laneMask(four), allLanes), () => {
              const first = f.local(i32.add(at, number(4 * i)))
              f.each(first, i32.add(first, number(4)), 1, consider)
            })
        })
      })
      f.each(whole, M, 1, consider)

      f.if(
        i32.and(i32.less(count, k), i32.floatGreater(guess, f32.const(0))),
        () => f.set(guess, f32.const(0)),
        () => {
          f.if(i32.less(count, k), () => {
            heapify(f, heap, count)
            f.set(least, f32.const(0))
          })
          sort(f, heap, count)
          f.each(count, k, 1, (at) => put(f, heap, at, { bits: number(0), which: number(0) }))
          f.set(guess, f32.mul(least, f32.const(guessed)))
          f.set(pre, i32.add(pre, bytes(M)))
          f.set(values, i32.add(values, bytes(k)))
          f.set(index, i32.add(index, bytes(k)))
          f.set(row, i32.add(row, number(1)))
        },
      )
    })
  },
}
