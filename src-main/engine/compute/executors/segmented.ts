/**
 * A program in parts (segments/plan.ts) on the CPU: ONNX Runtime and kernels of our own take turns on one WebAssembly memory. Sessions
 * read and write it in place, so nothing is copied from part to part, and state stays where it is from step to step; only rows and
 * fixed inputs that no kernel reads lie outside. Like every session it blocks its thread.
 *
 * Memory: state once, what passes between parts, and what kernels need beside.
 */
import { type InferenceSession, Tensor } from 'onnxruntime-node'
import { sizeOf } from '../graph/node.ts'
import { memoryOf, type Layout } from '../segments/layout.ts'
import type { Part, SegmentedProgram, ValueSpec } from '../segments/plan.ts'
import { type Executor, executorNames, type HostArray, type HostArrays, mapValues } from '../step.ts'
import { instantiate, type Kernels } from '../wasm/assembler.ts'
import { fusedRows } from '../wasm/fusedRows.ts'
import { sparseDecode, sparseDots, sparseOuter, sparseSums } from '../wasm/sparseProducts.ts'
import { topCodes } from '../wasm/topCodes.ts'
import { createSession, type SessionOptions } from './session.ts'

const sparseKernels = { topCodes, sparseDecode, sparseDots, sparseOuter, sparseSums }
const pageBytes = 65_536

type Values = Float32Array | Int32Array | Uint32Array | Uint8Array
type Step = () => Promise<void> | void

export async function openSegmented(program: SegmentedProgram, options: SessionOptions): Promise<Executor> {
  const layout = memoryOf(program)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(layout.bytes / pageBytes) })
  const sparse = instantiate(sparseKernels, memory)
  const sessions: InferenceSession[] = []
  try {
    for (const part of program.parts) if (part.kind === 'onnx') sessions.push(await createSession(part, options))
    return new Segmented(program, layout, memory, sparse, sessions)
  } catch (error) {
    for (const session of sessions) await session.release()
    throw error
  }
}

class Segmented implements Executor {
  readonly name = executorNames.onnxCpu
  readonly #program: SegmentedProgram
  readonly #layout: Layout
  readonly #memory: WebAssembly.Memory
  readonly #sessions: readonly InferenceSession[]
  readonly #steps: readonly Step[]
  /** What lies in the memory, seen as arrays and as tensors; and what is read from outside, replaced as it comes. */
  readonly #inside: Readonly<Record<string, Values>>
  readonly #tensors: Record<string, Tensor>
  readonly #loaded = new Set<string>()

  constructor(
    program: SegmentedProgram,
    layout: Layout,
    memory: WebAssembly.Memory,
    sparse: Kernels<keyof typeof sparseKernels>,
    sessions: readonly InferenceSession[],
  ) {
    this.#program = program
    this.#layout = layout
    this.#memory = memory
    this.#sessions = sessions
    this.#inside = mapValues(layout.addresses, (at, name) => arrayAt(memory.buffer, at, program.values[name])) as Record<string, Values>
    this.#tensors = mapValues(this.#inside, (values, name) => tensorOf(values, program.values[name])) as Record<string, Tensor>
    const open = [...sessions]
    this.#steps = program.parts.map((part) => {
      if (part.kind === 'onnx') return this.#onnx(part, open.shift() as InferenceSession)
      return part.kind === 'sparse' ? this.#sparse(part, sparse) : this.#rows(part)
    })
  }

  async load({ state = {}, inputs = {} }: { readonly state?: HostArrays; readonly inputs?: HostArrays }): Promise<void> {
    for (const [role, arrays] of [
      ['state', state],
      ['inputs', inputs],
    ] as const)
      for (const [name, array] of Object.entries(arrays)) this.#give(`${role}.${name}`, array.values)
  }

  async run(scan: HostArrays, steps: number): Promise<HostArrays> {
    for (const role of ['state', 'inputs'] as const)
      for (const name of Object.keys(this.#program[role]))
        if (!this.#loaded.has(`${role}.${name}`)) throw new Error(`${this.#program.title}: ${role} '${name}' was not given`)
    const out = mapValues(this.#program.out, ({ shape, dtype }): HostArray => {
      const size = steps * sizeOf(shape)
      return { shape: [steps, ...shape], values: dtype === 'float32' ? new Float32Array(size) : new Int32Array(size) }
    })
    for (let i = 0; i < steps; i++) {
      for (const [name, spec] of Object.entries(this.#program.scan)) {
        const size = sizeOf(spec.shape)
        const given = scan[name]
        if (!given) throw new Error(`${this.#program.title}: scan '${name}' was not given`)
        this.#give(`scan.${name}`, given.values.subarray(i * size, (i + 1) * size))
      }
      for (const step of this.#steps) await step()
      for (const [name, value] of Object.entries(this.#program.newOut)) {
        const size = sizeOf(this.#program.out[name].shape)
        out[name].values.set(this.#valuesOf(value), i * size)
      }
      this.#takeState()
    }
    return out
  }

  async state(): Promise<HostArrays> {
    return mapValues(this.#program.state, ({ shape }, name) => ({ shape, values: this.#inside[`state.${name}`].slice() as Float32Array }))
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) await session.release()
  }

  /** Copied where it lies inside, else read where it is. */
  #give(name: string, values: Float32Array | Int32Array): void {
    const inside = this.#inside[name]
    if (inside) inside.set(values)
    else if (name in this.#program.values) this.#tensors[name] = tensorOf(values, this.#program.values[name])
    this.#loaded.add(name)
  }

  #valuesOf(name: string): Float32Array | Int32Array {
    return (this.#inside[name] ?? this.#tensors[name].data) as Float32Array | Int32Array
  }

  /** What ONNX parts have made of the state; read first, for one state may become another. */
  #takeState(): void {
    const moved = Object.entries(this.#program.newState).filter(([name, value]) => value !== `state.${name}`)
    const taken = moved.map(([, value]) => (value.startsWith('state.') ? this.#valuesOf(value).slice() : this.#valuesOf(value)))
    for (const [i, [name]] of moved.entries()) this.#inside[`state.${name}`].set(taken[i])
  }

  #onnx({ reads, writes }: Part, session: InferenceSession): Step {
    const results = Object.fromEntries(writes.map((name) => [name, this.#tensors[name]]))
    return async () => {
      await session.run(Object.fromEntries(reads.map((name) => [name, this.#tensors[name]])), results)
    }
  }

  #sparse({ op, reads, writes }: Extract<Part, { kind: 'sparse' }>, kernels: Kernels<keyof typeof sparseKernels>): Step {
    const { addresses, scratch } = this.#layout
    const [a, b, c, d] = reads.map((name) => addresses[name])
    const [y, z] = writes.map((name) => addresses[name])
    const shape = (name: string): readonly number[] => this.#program.values[name].shape
    switch (op) {
      case 'TopCodes': {
        const [[B, M], [, k]] = [shape(reads[0]), shape(writes[0])]
        return () => kernels.topCodes(a, b, y, z, B, M, k)
      }
      case 'SparseDecode': {
        const [[B, k], [, D]] = [shape(reads[1]), shape(reads[2])]
        return () => kernels.sparseDecode(a, b, c, y, scratch, B, k, D)
      }
      case 'SparseDots': {
        const [[B, k], [, D]] = [shape(reads[1]), shape(reads[2])]
        return () => kernels.sparseDots(a, b, c, d, y, B, k, D)
      }
      case 'SparseOuter': {
        const [[B, k], [M, D]] = [shape(reads[1]), shape(writes[0])]
        return () => kernels.sparseOuter(a, b, c, y, scratch, B, k, D, M)
      }
      case 'SparseSums': {
        const [[B, k], [M]] = [shape(reads[1]), shape(writes[0])]
        return () => kernels.sparseSums(a, b, y, B, k, M)
      }
      default:
        throw new Error(`there is no sparse kernel for ${op}`)
    }
  }

  #rows({ program, reads, writes }: Extract<Part, { kind: 'rows' }>): Step {
    const { addresses, scratch } = this.#layout
    const { run } = instantiate({ run: fusedRows(program) }, this.#memory)
    const at = [...reads, ...writes].map((name) => addresses[name])
    return () => run(...at, scratch)
  }
}

const arrayTypes = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, bool: Uint8Array } as const

const arrayAt = (buffer: ArrayBuffer, at: number, { shape, dtype }: ValueSpec): Values => new arrayTypes[dtype](buffer, at, sizeOf(shape))

function tensorOf(values: Values, { shape, dtype }: ValueSpec): Tensor {
  return dtype === 'bool' ? new Tensor('bool', values as Uint8Array, shape) : new Tensor(dtype, values as Float32Array, shape)
}
