/**
 * Products of codes with matrices, touching only the rows of active latents; formulas in ../sparse/ops.ts.
 *
 * Every result has one fixed order of summation, so bits depend on nothing but the numbers. The gradient of the weights is gathered
 * latent by latent, after a counting sort of the codes, and so writes each row once.
 */
import { f32, f32x4, type Func, i32, type Kernel, type Local, load, type Type, type Value } from './assembler.ts'

const number = (value: number): Value => i32.const(value)
const bytes = (count: Value): Value => i32.shiftLeft(count, number(2))
const addresses = (count: number): Type[] => Array.from({ length: count }, () => 'i32' as const)

/** One float or four: the same arithmetic written once. */
const widths = [
  { size: 16, load: load.v128, repeat: (x: Value) => f32x4.splat(x), add: f32x4.add, mul: f32x4.mul },
  { size: 4, load: load.f32, repeat: (x: Value) => x, add: f32.add, mul: f32.mul },
] as const
type Width = (typeof widths)[number]

/** The bytes of a row from `from`, `step` by `step` of four floats while they last, then one by one. */
function along(f: Func, from: Value, length: Value, body: (at: Local, width: Width) => void): void {
  const at = f.local(from)
  const to = f.local(length)
  const whole = f.local(i32.and(to, number(-16)))
  for (const [width, end] of [
    [widths[0], whole],
    [widths[1], to],
  ] as const) {
    f.while(i32.less(at, end), () => {
      body(at, width)
      f.set(at, i32.add(at, number(width.size)))
    })
  }
}

const isThere = (value: Value): Value => i32.isZero(i32.floatEqual(value, f32.const(0)))

/** Latents added to a result in one go, so that it is read and written less often. */
const together = 4

/** values [B, k], index [B, k], W [M, D], scratch [2 k + 6] → y [B, D] */
export const sparseDecode: Kernel = {
  parameters: addresses(8),
  build(f, [values, index, W, y, scratch, B, k, D]) {
    const rowBytes = f.local(bytes(D))
    const pair = f.local(number(0))
    const pairs = f.local(bytes(k))
    f.each(number(0), B, 1, () => {
      // The codes that are there: value, address of the latent's row; filled up with zeros.
      const list = f.local(scratch)
      f.each(pair, i32.add(pair, pairs), 4, (at) => {
        const value = f.local(load.f32(i32.add(values, at)))
        f.if(isThere(value), () => {
          f.store(list, value)
          f.store(list, i32.add(W, i32.mul(load.i32(i32.add(index, at)), rowBytes)), 4)
          f.set(list, i32.add(list, number(8)))
        })
      })
      f.set(pair, i32.add(pair, pairs))
      for (let i = 0; i < together - 1; i++) {
        f.store(list, f32.const(0), 8 * i)
        f.store(list, W, 8 * i + 4)
      }
      along(f, number(0), rowBytes, (at, { repeat }) => f.store(i32.add(y, at), repeat(f32.const(0))))
      f.each(scratch, list, 8 * together, (at) => {
        const four = Array.from({ length: together }, (_, i) => ({
          value: f.local(load.f32(at, 8 * i)),
          lanes: f.local(load.splat(at, 8 * i)),
          row: f.local(load.i32(at, 8 * i + 4)),
        }))
        along(f, number(0), rowBytes, (d, width) => {
          const terms = four.map(({ value, lanes, row }) => width.mul(width.load(i32.add(row, d)), width.size === 16 ? lanes : value))
          f.store(
            i32.add(y, d),
            width.add(width.load(i32.add(y, d)), width.add(width.add(terms[0], terms[1]), width.add(terms[2], terms[3]))),
          )
        })
      })
      f.set(y, i32.add(y, rowBytes))
    })
  },
}

/** dy [B, D], index [B, k], W [M, D], values [B, k] → dots [B, k], zero where values are */
export const sparseDots: Kernel = {
  parameters: addresses(8),
  build(f, [dy, index, W, values, dots, B, k, D]) {
    const rowBytes = f.local(bytes(D))
    const whole = f.local(i32.and(rowBytes, number(-64)))
    const pair = f.local(number(0))
    const pairs = f.local(bytes(k))
    f.each(number(0), B, 1, () => {
      f.each(pair, i32.add(pair, pairs), 4, (at) => {
        const sum = f.local(f32.const(0))
        f.if(isThere(load.f32(i32.add(values, at))), () => {
          const row = f.local(i32.add(W, i32.mul(load.i32(i32.add(index, at)), rowBytes)))
          const zeros = f32x4.splat(f32.const(0))
          const partial = [0, 16, 32, 48].map((offset) => ({ offset, sum: f.local(zeros) }))
          f.each(number(0), whole, 64, (d) => {
            for (const { offset, sum: part } of partial)
              f.set(part, f32x4.add(part, f32x4.mul(load.v128(i32.add(row, d), offset), load.v128(i32.add(dy, d), offset))))
          })
          const [a, b, c, d] = partial.map((p) => p.sum)
          f.set(a, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)))
          const [p, q, r, s] = [0, 1, 2, 3].map((lane) => f32.lane(a, lane))
          f.set(sum, f32.add(f32.add(p, q), f32.add(r, s)))
          f.each(whole, rowBytes, 4, (at1) => f.set(sum, f32.add(sum, f32.mul(load.f32(i32.add(row, at1)), load.f32(i32.add(dy, at1))))))
        })
        f.store(i32.add(dots, at), sum)
      })
      f.set(pair, i32.add(pair, pairs))
      f.set(dy, i32.add(dy, rowBytes))
    })
  },
}

/** Bytes of a row summed up in registers at once. */
const columns = 128

/** values [B, k], index [B, k], x [B, D], scratch [M + 1 + 2 B k] → sums [M, D] */
export const sparseOuter: Kernel = {
  parameters: addresses(9),
  build(f, [values, index, x, sums, scratch, B, k, D, M]) {
    const rowBytes = f.local(bytes(D))
    const pairs = f.local(bytes(k))
    const [starts, sorted] = [scratch, f.local(i32.add(i32.add(scratch, bytes(M)), number(4)))]
    const startOf = (at: Value): Value => i32.add(starts, bytes(load.i32(i32.add(index, at))))
    const increase = (at: Value, by: Value): void => f.store(at, i32.add(load.i32(at), by))
    const whenThere = (at: Value, then: () => void): void => f.if(isThere(load.f32(i32.add(values, at))), then)

    // Counting sort of the codes by latent, eight bytes each: value and row of x. Afterwards starts[j] is where those of latent j end.
    f.each(number(0), i32.add(bytes(M), number(4)), 4, (at) => f.store(i32.add(starts, at), number(0)))
    f.each(number(0), i32.mul(B, pairs), 4, (at) => whenThere(at, () => increase(i32.add(startOf(at), number(4)), number(8))))
    f.each(number(0), bytes(M), 4, (at) => increase(i32.add(i32.add(starts, at), number(4)), load.i32(i32.add(starts, at))))
    const pair = f.local(number(0))
    f.each(number(0), B, 1, () => {
      f.each(pair, i32.add(pair, pairs), 4, (at) =>
        whenThere(at, () => {
          const start = f.local(startOf(at))
          const place = f.local(i32.add(sorted, load.i32(start)))
          f.store(place, load.f32(i32.add(values, at)))
          f.store(place, x, 4)
          increase(start, number(8))
        }),
      )
      f.set(pair, i32.add(pair, pairs))
      f.set(x, i32.add(x, rowBytes))
    })

    const from = f.local(sorted)
    f.each(number(0), bytes(M), 4, (latent) => {
      const to = f.local(i32.add(sorted, load.i32(i32.add(starts, latent))))
      const whole = f.local(i32.and(rowBytes, number(-columns)))
      f.each(number(0), whole, columns, (d) => {
        const parts = Array.from({ length: columns / 16 }, (_, i) => ({ offset: 16 * i, sum: f.local(f32x4.splat(f32.const(0))) }))
        f.each(from, to, 8, (code) => {
          const value = f.local(load.splat(code))
          const row = f.local(i32.add(load.i32(code, 4), d))
          for (const { offset, sum } of parts) f.set(sum, f32x4.add(sum, f32x4.mul(load.v128(row, offset), value)))
        })
        for (const { offset, sum } of parts) f.store(i32.add(sums, d), sum, offset)
      })
      along(f, whole, rowBytes, (d, width) => {
        const sum = f.local(width.repeat(f32.const(0)))
        f.each(from, to, 8, (code) =>
          f.set(sum, width.add(sum, width.mul(width.load(i32.add(load.i32(code, 4), d)), width.repeat(load.f32(code))))),
        )
        f.store(i32.add(sums, d), sum)
      })
      f.set(from, to)
      f.set(sums, i32.add(sums, rowBytes))
    })
  },
}

/** values [B, k], index [B, k] → sums [M] */
export const sparseSums: Kernel = {
  parameters: addresses(6),
  build(f, [values, index, sums, B, k, M]) {
    f.each(number(0), bytes(M), 4, (at) => f.store(i32.add(sums, at), f32.const(0)))
    f.each(number(0), bytes(i32.mul(B, k)), 4, (at) => {
      const sum = f.local(i32.add(sums, bytes(load.i32(i32.add(index, at)))))
      f.store(sum, f32.add(load.f32(sum), load.f32(i32.add(values, at))))
    })
  },
}
