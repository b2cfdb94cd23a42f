import { describe, expect, test } from 'vitest'
import { f32, f32x4, i32, instantiate, type Kernel, load } from '#engine/compute/wasm/assembler.ts'

const memory = new WebAssembly.Memory({ initial: 1 })
const run = (kernel: Kernel, ...args: number[]): void => instantiate({ kernel }, memory).kernel(...args)
const ints = new Int32Array(memory.buffer)
const floats = new Float32Array(memory.buffer)

describe('the assembler', () => {
  test.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, 2 ** 31 - 1, -(2 ** 31)])('writes the number %i', (value) => {
    run({ parameters: [], build: (f) => f.store(i32.const(0), i32.const(value)) })
    expect(ints[0]).toBe(value)
  })

  test('counts up to a bound that is read once', () => {
    run(
      {
        parameters: ['i32'],
        build(f, [n]) {
          const sum = f.local(i32.const(0))
          f.each(i32.const(0), n, 3, (i) => {
            f.set(sum, i32.add(sum, i))
            f.set(n, i32.const(0))
          })
          f.store(i32.const(0), sum)
        },
      },
      10,
    )
    expect(ints[0]).toBe(0 + 3 + 6 + 9)
  })

  test('takes the branch that its condition says', () => {
    const build: Kernel['build'] = (f, [x]) =>
      f.if(
        i32.less(x, i32.const(5)),
        () => f.store(i32.const(0), i32.const(1)),
        () => f.store(i32.const(0), i32.const(2)),
      )
    run({ parameters: ['i32'], build }, 4)
    expect(ints[0]).toBe(1)
    run({ parameters: ['i32'], build }, 5)
    expect(ints[0]).toBe(2)
  })

  test('adds up four lanes', () => {
    floats.set([1, 2, 3, 4], 4)
    run(
      {
        parameters: ['i32', 'f32'],
        build(f, [at, factor]) {
          const x = f.local(f32x4.mul(load.v128(at), f32x4.splat(factor)))
          const [a, b, c, d] = [0, 1, 2, 3].map((lane) => f32.lane(x, lane))
          f.store(i32.const(0), f32.add(f32.add(a, b), f32.add(c, d)))
        },
      },
      16,
      0.5,
    )
    expect(floats[0]).toBe(5)
  })

  test('has names longer than 127 characters and bodies longer than 16 383 bytes', () => {
    const name = 'n'.repeat(200)
    const long: Kernel = {
      parameters: [],
      build(f) {
        for (let i = 0; i < 4000; i++) f.store(i32.const(4 * i), i32.const(i))
      },
    }
    instantiate({ [name]: long }, memory)[name]()
    expect(ints[3999]).toBe(3999)
  })
})
