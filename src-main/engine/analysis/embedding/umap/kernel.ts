/**
 * One pass over edges of the layout, in WebAssembly; formulas in optimise.ts. What an edge does to its head, along it and off its four negative
 * samples, is computed from where the head was before, so that the sums do not wait for each other.
 *
 * Powers are taken in four lanes: log₂ and 2ˣ by polynomials (Chebyshev nodes, relative error of s^b below 10⁻⁵ b), multiplied and added
 * without fused operations, so bits are the same on every machine. Negative samples are drawn by four of Marsaglia's generators at once.
 */
import { f32, f32x4, type Func, i32, i32x4, type Kernel, type Local, load, type Type, type Value } from '../../../compute/wasm/assembler.ts'
import type { Curve } from './curve.ts'

/** Bytes of an edge: addresses of both ends, passes between two uses, pass of the next use, pass of the next negative samples. */
export const edgeBytes = 20
/** A use of an edge has five negative samples in the mean (umap-learn: negative_sample_rate), in fours. */
const usesPerFour = 4 / 5
/** As words and as numbers of one memory, from `at` there. @param every passes between two uses */
export function writeEdge(words: Int32Array, numbers: Float32Array, at: number, head: number, tail: number, every: number): void {
  words[at] = head
  words[at + 1] = tail
  numbers[at + 2] = every
  numbers[at + 3] = every
  numbers[at + 4] = every * usesPerFour
}

/** No component of a gradient is larger. */
const most = 4

const number = (value: number): Value => i32.const(value)
const four = (value: number): Value => f32x4.splat(f32.const(value))

/** log₂ m / (m − 1) on [1, 2] and (2ˣ − 1) / x on [0, 1], lowest power first. */
const logarithm = [
  3.111630213697029, -3.3095849787152387, 2.5786196839529363, -1.2177426825074622, 0.31358127044524364, -0.03382203889402003,
]
const exponential = [0.6931339926197797, 0.24064704812415544, 0.05344102926468057, 0.01276311388919102]

const polynomial = (f: Func, coefficients: readonly number[], x: Value): Local => {
  const value = f.local(four(coefficients[coefficients.length - 1]))
  for (const c of coefficients.slice(0, -1).reverse()) f.set(value, f32x4.add(f32x4.mul(value, x), four(c)))
  return value
}

/** x^b, x > 0; x = 0 is taken for the least normal number. */
function power(f: Func, x: Local, b: number): Local {
  const exponent = f.local(i32x4.toFloats(i32x4.sub(i32x4.shiftRight(x, number(23)), i32x4.splat(number(127)))))
  const mantissa = f.local(f32x4.or(f32x4.and(x, i32x4.splat(number(0x007fffff))), four(1)))
  const log = f32x4.add(exponent, f32x4.mul(f32x4.sub(mantissa, four(1)), polynomial(f, logarithm, mantissa)))
  const wanted = f.local(f32x4.min(four(126), f32x4.max(four(-126), f32x4.mul(log, four(b)))))
  const whole = f.local(f32x4.floor(wanted))
  const rest = f.local(f32x4.sub(wanted, whole))
  const scale = i32x4.shiftLeft(i32x4.add(i32x4.truncated(whole), i32x4.splat(number(127))), number(23))
  return f.local(f32x4.mul(f32x4.add(four(1), f32x4.mul(rest, polynomial(f, exponential, rest))), scale))
}

const clipped = (gradient: Value): Value => f32x4.min(four(most), f32x4.max(four(-most), gradient))

/** Parameters: edges from … to (addresses), the points [n × 2], n, state of the generators [4], pass, α. */
const parameters: readonly Type[] = ['i32', 'i32', 'i32', 'i32', 'i32', 'f32', 'f32']

/** @param tailStays where only heads move */
export const passOf = ({ a, b }: Curve, repulsion: number, tailStays = false): Kernel => ({
  parameters,
  build(f, [from, to, points, n, generators, pass, alpha]) {
    const state = f.local(load.v128(generators))
    const count = f.local(i32x4.splat(n))
    const step = f.local(f32x4.splat(alpha))
    const shifted = (by: (v: Value, bits: Value) => Value, bits: number): void => f.set(state, f32x4.xor(state, by(state, number(bits))))

    /** Moves off four others together: [x, y] twice, to be added up. */
    function awayFrom(y: Local): Value {
      shifted(i32x4.shiftLeft, 13)
      shifted(i32x4.shiftRightZeros, 17)
      shifted(i32x4.shiftLeft, 5)
      // The upper half of 32 random bits times n.
      const [low, high] = [f.local(i32x4.lowProducts(state, count)), f.local(i32x4.highProducts(state, count))]
      const at = (products: Local, lane: number): Value => i32.add(points, i32.shiftLeft(i32x4.lane(products, lane), number(3)))
      const pair = (products: Local): Local => f.local(f32x4.sub(y, load.upperPair(at(products, 3), load.pair(at(products, 1)))))
      const [first, second] = [pair(low), pair(high)]
      const [s1, s2] = [f.local(f32x4.mul(first, first)), f.local(f32x4.mul(second, second))]
      const s = f.local(f32x4.add(i32x4.shuffle(s1, s2, [0, 2, 4, 6]), i32x4.shuffle(s1, s2, [1, 3, 5, 7])))
      const below = f32x4.mul(f32x4.add(s, four(0.001)), f32x4.add(four(1), f32x4.mul(four(a), power(f, s, b))))
      const factor = f.local(f32x4.div(four(2 * repulsion * b), below))
      return f32x4.add(
        clipped(f32x4.mul(i32x4.shuffle(factor, factor, [0, 0, 1, 1]), first)),
        clipped(f32x4.mul(i32x4.shuffle(factor, factor, [2, 2, 3, 3]), second)),
      )
    }

    f.each(from, to, edgeBytes, (edge) => {
      f.if(i32.floatAtMost(load.f32(edge, 12), pass), () => {
        const head = f.local(i32.add(points, load.i32(edge)))
        const tail = f.local(i32.add(points, load.i32(edge, 4)))
        const y = f.local(load.upperPair(head, load.pair(head)))
        const other = f.local(load.pair(tail))

        const pushed = f.local(four(0))
        const due = f.local(load.f32(edge, 16))
        const every = f.local(load.f32(edge, 8))
        const everyFour = f.local(f32.mul(every, f32.const(usesPerFour)))
        const next = f.local(f32.add(due, everyFour))
        f.while(i32.floatAtMost(next, pass), () => {
          f.set(pushed, f32x4.add(pushed, awayFrom(y)))
          f.set(due, next)
          f.set(next, f32.add(due, everyFour))
        })
        f.store(edge, due, 16)
        f.store(edge, f32.add(load.f32(edge, 12), every), 12)

        const difference = f.local(f32x4.sub(y, other))
        const squares = f.local(f32x4.mul(difference, difference))
        const s = f.local(f32x4.add(squares, i32x4.shuffle(squares, squares, [1, 0, 3, 2])))
        const raised = f.local(power(f, s, b))
        const factor = f32x4.div(f32x4.mul(four(-2 * a * b), raised), f32x4.mul(s, f32x4.add(four(1), f32x4.mul(four(a), raised))))
        // Equal places, where the factor is not a number, do not pull.
        const pulled = f32x4.and(f32x4.mul(step, clipped(f32x4.mul(factor, difference))), f32x4.greater(s, four(0)))
        const pull = f.local(pulled)
        if (!tailStays) f.storePair(tail, f32x4.sub(other, pull))
        const both = f32x4.add(pushed, i32x4.shuffle(pushed, pushed, [2, 3, 0, 1]))
        f.storePair(head, f32x4.add(f32x4.add(y, pull), f32x4.mul(step, both)))
      })
    })
    f.store(generators, state)
  },
})
