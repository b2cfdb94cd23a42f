/**
 * A small assembler for WebAssembly: kernels are written as TypeScript that reads like the loop it makes, and assembled when the
 * program is opened. So there is no second language, no build step and no binary to keep; V8 compiles the bytes to machine code.
 *
 *   func(module, 'axpy', ['i32', 'i32', 'f32', 'i32'], (f, [x, y, a, bytes]) => {
 *     f.each(bytes, 16, (at) => f.store(f.add(y, at), v.add(load.v128(f.add(y, at)), v.mul(load.v128(f.add(x, at)), v.splat(a)))))
 *   })
 *
 * A Value is code that leaves one number on the stack; locals are values. Products and sums stay apart (no fused multiply-add), so
 * that bits are the same on every machine. Opcodes: WebAssembly core specification 2.0, chapter 5.4.
 */
export type Type = 'i32' | 'f32' | 'v128'
type Code = readonly number[]
export interface Value {
  readonly type: Type
  readonly code: Code
}
export interface Local extends Value {
  readonly number: number
}

const typeCode: Readonly<Record<Type, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b }
const noResult = 0x40
const [block, loop, when, otherwise, end, branch, branchIf] = [0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d]
const [localGet, localSet] = [0x20, 0x21]
const simd = 0xfd

/** LEB128, unsigned and signed. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value >>> 0
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest >>>= 7
  }
  return [...bytes, rest]
}
function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  while (rest > 63 || rest < -64) {
    bytes.push((rest & 127) | 128)
    rest >>= 7
  }
  return [...bytes, rest & 127]
}
const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)]
const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()]
const vector = (opcode: number): number[] => [simd, ...unsigned(opcode)]

const apply = (type: Type, opcode: Code, ...inputs: readonly Value[]): Value => ({
  type,
  code: [...inputs.flatMap(({ code }) => code), ...opcode],
})
const table =
  <Names extends string>(type: Type, opcodes: Readonly<Record<Names, Code>>) =>
  (): Readonly<Record<Names, (...inputs: readonly Value[]) => Value>> =>
    Object.fromEntries(
      Object.entries<Code>(opcodes).map(([name, opcode]) => [name, (...inputs: readonly Value[]) => apply(type, opcode, ...inputs)]),
    ) as Record<Names, (...inputs: readonly Value[]) => Value>

/** Whole numbers and addresses; comparisons of either kind leave 0 or 1. */
export const i32 = {
  const: (value: number): Value => ({ type: 'i32', code: [0x41, ...signed(value)] }),
  ...table('i32', {
    isZero: [0x45],
    trailingZeros: [0x68],
    equal: [0x46],
    notEqual: [0x47],
    less: [0x48],
    greater: [0x4a],
    add: [0x6a],
    sub: [0x6b],
    mul: [0x6c],
    and: [0x71],
    or: [0x72],
    shiftLeft: [0x74],
    shiftRight: [0x76],
    /** Of four lanes, which have their upper bit set. */
    laneMask: vector(0xa4),
    floatEqual: [0x5b],
    floatGreater: [0x5e],
    floatAtMost: [0x5f],
    /** Those of a float. */
    bits: [0xbc],
  })(),
}

export const f32 = {
  const: (value: number): Value => ({ type: 'f32', code: [0x43, ...float(value)] }),
  lane: (x: Value, lane: number): Value => apply('f32', [...vector(0x1f), lane], x),
  ...table('f32', {
    abs: [0x8b],
    neg: [0x8c],
    sqrt: [0x91],
    add: [0x92],
    sub: [0x93],
    mul: [0x94],
    div: [0x95],
    min: [0x96],
    max: [0x97],
  })(),
}

/** Four floats at once; comparisons leave lanes of all ones or zeros. */
export const f32x4 = table('v128', {
  splat: vector(0x13),
  equal: vector(0x41),
  less: vector(0x43),
  greater: vector(0x44),
  atMost: vector(0x45),
  atLeast: vector(0x46),
  not: vector(0x4d),
  floor: vector(0x68),
  and: vector(0x4e),
  or: vector(0x50),
  xor: vector(0x51),
  /** Bits of the first where the third has ones, of the second elsewhere. */
  select: vector(0x52),
  abs: vector(0xe0),
  neg: vector(0xe1),
  sqrt: vector(0xe3),
  add: vector(0xe4),
  sub: vector(0xe5),
  mul: vector(0xe6),
  div: vector(0xe7),
  min: vector(0xe8),
  max: vector(0xe9),
})()

/** Four whole numbers at once; shifts are by a number of bits, the same for all four. */
export const i32x4 = {
  lane: (x: Value, lane: number): Value => apply('i32', [...vector(0x1b), lane], x),
  /** Four lanes of both, those of the second from 4 on. */
  shuffle: (x: Value, y: Value, lanes: readonly [number, number, number, number]): Value =>
    apply('v128', [...vector(0x0d), ...lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3])], x, y),
  ...table('v128', {
    splat: vector(0x11),
    shiftLeft: vector(0xab),
    /** Copies the upper bit. */
    shiftRight: vector(0xac),
    /** Fills up with zeros. */
    shiftRightZeros: vector(0xad),
    add: vector(0xae),
    sub: vector(0xb1),
    /** Without signs: 64 bits each of lanes 0 and 1, or 2 and 3. */
    lowProducts: vector(0xde),
    highProducts: vector(0xdf),
    truncated: vector(0xf8),
    toFloats: vector(0xfa),
  })(),
}

/** Two doubles at once. */
export const f64x2 = table('v128', {
  /** The first two floats of four. */
  promote: vector(0x5f),
  add: vector(0xf0),
  sub: vector(0xf1),
  mul: vector(0xf2),
})()

/** Addresses are aligned to four bytes only. */
const memory = (opcode: Code, offset: number): Code => [...opcode, 2, ...unsigned(offset)]
export const load = {
  i32: (at: Value, offset = 0): Value => apply('i32', memory([0x28], offset), at),
  f32: (at: Value, offset = 0): Value => apply('f32', memory([0x2a], offset), at),
  v128: (at: Value, offset = 0): Value => apply('v128', memory(vector(0x00), offset), at),
  /** One float, and three zeros. */
  single: (at: Value, offset = 0): Value => apply('v128', memory(vector(0x5c), offset), at),
  /** Two floats, and two zeros. */
  pair: (at: Value, offset = 0): Value => apply('v128', memory(vector(0x5d), offset), at),
  /** Two floats into the upper half of four. */
  upperPair: (at: Value, four: Value): Value => apply('v128', [...memory(vector(0x57), 0), 1], at, four),
  /** One float in all four lanes. */
  splat: (at: Value, offset = 0): Value => apply('v128', memory(vector(0x09), offset), at),
  /** One double in both lanes. */
  splat64: (at: Value, offset = 0): Value => apply('v128', memory(vector(0x0a), offset), at),
}
const storeCode: Readonly<Record<Type, Code>> = { i32: [0x36], f32: [0x38], v128: vector(0x0b) }

/** Statements go into the innermost open block, in the order they are written. */
export class Func {
  readonly #code: number[] = []
  readonly #locals: Type[] = []
  readonly #parameters: number

  constructor(parameters: number) {
    this.#parameters = parameters
  }

  local(value: Value): Local {
    const number = this.#parameters + this.#locals.push(value.type) - 1
    const local = { type: value.type, number, code: [localGet, ...unsigned(number)] }
    this.set(local, value)
    return local
  }
  set({ number }: Local, { code }: Value): void {
    this.#code.push(...code, localSet, ...unsigned(number))
  }
  store(at: Value, value: Value, offset = 0): void {
    this.#code.push(...at.code, ...value.code, ...memory(storeCode[value.type], offset))
  }
  /** The first two floats of four. */
  storePair(at: Value, four: Value): void {
    this.#code.push(...at.code, ...four.code, ...memory(vector(0x5b), 0), 0)
  }
  if(condition: Value, then: () => void, otherwiseDo?: () => void): void {
    this.#code.push(...condition.code, when, noResult)
    then()
    if (otherwiseDo) {
      this.#code.push(otherwise)
      otherwiseDo()
    }
    this.#code.push(end)
  }
  /** As long as the condition holds, tested before each round. */
  while(condition: Value, body: () => void): void {
    this.#code.push(block, noResult, loop, noResult, ...condition.code, 0x45, branchIf, 1)
    body()
    this.#code.push(branch, 0, end, end)
  }
  /** at = from, from + step, … below `to`, which is read once. */
  each(from: Value, to: Value, step: number, body: (at: Local) => void): void {
    const at = this.local(from)
    const last = this.local(to)
    this.while(i32.less(at, last), () => {
      body(at)
      this.set(at, i32.add(at, i32.const(step)))
    })
  }

  /** Locals are declared one by one; a body is its length, its locals and its code. */
  get bytes(): Code {
    const locals = list(this.#locals.map((type) => [1, typeCode[type]]))
    return [...unsigned(locals.length + this.#code.length + 1), ...locals, ...this.#code, end]
  }
}

/** What a module exports: functions on addresses and numbers. */
export type Kernels<Names extends string = string> = Readonly<Record<Names, (...args: readonly number[]) => void>>

/** One function of a module; its parameters are numbers and addresses. */
export interface Kernel {
  readonly parameters: readonly Type[]
  readonly build: (f: Func, parameters: readonly Local[]) => void
}

/** Flags of an imported memory: nothing said of its size, or shared, which has to say a largest size: all that there can be. */
const ownMemory = [0, 0]
const sharedMemory = [3, 0, ...unsigned(65_536)]

export function assemble(kernels: Readonly<Record<string, Kernel>>, isShared = false): Uint8Array<ArrayBuffer> {
  const all = Object.entries(kernels)
  const name = (text: string): number[] => list([...new TextEncoder().encode(text)].map((byte) => [byte]))
  const section = (id: number, content: Code): number[] => [id, ...unsigned(content.length), ...content]
  const types = all.map(([, { parameters }]) => [0x60, ...list(parameters.map((type) => [typeCode[type]])), 0])
  const bodies = all.map(([, { parameters, build }]) => {
    const f = new Func(parameters.length)
    build(
      f,
      parameters.map((type, number) => ({ type, number, code: [localGet, ...unsigned(number)] })),
    )
    return f.bytes
  })
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
    ...section(1, list(types)),
    ...section(2, list([[...name('env'), ...name('memory'), 2, ...(isShared ? sharedMemory : ownMemory)]])),
    ...section(3, list(all.map((_, i) => unsigned(i)))),
    ...section(7, list(all.map(([text], i) => [...name(text), 0, ...unsigned(i)]))),
    ...section(10, list(bodies)),
  ])
}

/** Kernels at work on one memory. */
export function instantiate<Names extends string>(kernels: Readonly<Record<Names, Kernel>>, memory: WebAssembly.Memory): Kernels<Names> {
  const isShared = memory.buffer instanceof SharedArrayBuffer
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(kernels, isShared)), { env: { memory } })
  return exports as unknown as Kernels<Names>
}
