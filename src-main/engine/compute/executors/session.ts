/**
 * An emitted program in ONNX Runtime. `run` blocks the thread it is called on until it is done, so this belongs in a worker;
 * only tests and tools call it directly.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type EmittedProgram, edgeName, inputName, stepsName } from '../emit/emit.ts'
import { maxThreads } from '../trace/orientedProduct.ts'
import {
  copyOf,
  type Executor,
  executorNames,
  type HostArray,
  type HostArrays,
  mapValues,
  roles,
  type TensorSpec,
  type TensorSpecs,
} from '../step.ts'

export interface SessionOptions {
  /** Threads of large products. Small programs run on one whatever is asked; bits are the same on any number (test/numeric/threads). */
  readonly threads: number
}

/** Below this many multiply-adds (about 0.1 ms) handing work to other threads costs more than they save. */
const worthThreads = 4e6

/** A session on the CPU. */
export function createSession(
  { bytes, largestProduct }: Pick<EmittedProgram, 'bytes' | 'largestProduct'>,
  { threads }: SessionOptions,
): Promise<InferenceSession> {
  return InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: largestProduct >= worthThreads ? Math.min(threads, maxThreads) : 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // Threads out of work spin for 0.2 ms, which is longer than most operations between two products, then sleep: a tenth faster than
    // sleeping at once, and what other programs lose to it is bounded. Small blocks of work suit cores that are shared.
    // The last keeps products turned as orientedProduct.ts has turned them.
    extra: {
      session: { intra_op: { allow_spinning: '1', spin_duration_us: '200' }, dynamic_block_base: '4' },
      optimization: { disable_specified_optimizers: 'GemmTransposeFusion' },
    },
    logSeverityLevel: 4, // errors are thrown as well
  })
}

export async function openSession(program: EmittedProgram, options: SessionOptions): Promise<Executor> {
  const session = await createSession(program, options)
  let state: HostArrays = {}
  let inputs: HostArrays = {}
  return {
    name: executorNames.onnxCpu,
    async load(given) {
      state = { ...state, ...given.state }
      inputs = { ...inputs, ...given.inputs }
    },
    async run(scan, steps) {
      const given = { state, inputs, scan }
      const feeds: Record<string, Tensor> =
        program.mode === 'loop' ? { [stepsName]: new Tensor('int64', BigInt64Array.of(BigInt(steps)), []) } : {}
      for (const role of roles)
        for (const name of Object.keys(program[role]))
          feeds[inputName(role, name)] = toTensor(given[role][name], `${program.title}: ${role} '${name}'`)
      const results = await session.run(feeds)
      const read = (role: 'state' | 'out', specs: TensorSpecs): HostArrays =>
        mapValues(specs, (spec, name) => fromTensor(results[edgeName(program.mode, role, name)], spec))
      state = read('state', program.state)
      return read('out', program.out)
    },
    state: async () => copyOf(state),
    close: () => session.release(),
  }
}

function toTensor(array: HostArray | undefined, what: string): Tensor {
  if (!array) throw new Error(`${what} was not given`)
  const { values, shape } = array
  return values instanceof Float32Array ? new Tensor('float32', values, shape) : new Tensor('int32', values, shape)
}

const fromTensor = ({ data, dims }: Tensor, { dtype }: TensorSpec): HostArray => ({
  shape: dims,
  values: dtype === 'float32' ? (data as Float32Array) : (data as Int32Array),
})
