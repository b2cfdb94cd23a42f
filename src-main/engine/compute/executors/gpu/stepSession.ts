/**
 * Runs steps on a graphics provider: no loop there, so several steps are one unrolled program, and state and inputs stay on the
 * card between runs where the provider can keep them. Only what the steps put out comes back: a few numbers each.
 *
 * ONNX Runtime ends the whole process instead of throwing when `getData` is called on a tensor of the card, and reads such a
 * tensor as garbage when it is given to a session of the processor. Here neither happens: tensors of the card are only ever
 * given to sessions of the card, and are read back by a session that copies them. An allocation that fails ends the process all
 * the same, which is why this runs in one of its own (gpu.worker.ts).
 *
 * Memory on the card: the inputs, twice the state, and what one program needs in between. Each tensor is disposed of as soon as
 * another takes its place; ONNX Runtime would otherwise hold it until garbage is collected.
 */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { type EmittedProgram, edgeName, inputName } from '../../emit/emit.ts'
import { type HostArray, type HostArrays, mapValues, type TensorSpecs } from '../../step.ts'
import { copying, type StepPrograms } from './programs.ts'
import { sessionOptions } from './operations.ts'
import type { Provider } from './provider.ts'

type Tensors = Record<string, Tensor>
type Sessions = Readonly<Record<'single' | 'several' | 'stateCopy' | 'inputsCopy', InferenceSession | null>>

export class StepSession {
  readonly #programs: StepPrograms
  readonly #resident: boolean
  readonly #sessions: Sessions
  #state: Tensors = {}
  #inputs: Tensors = {}

  private constructor(programs: StepPrograms, provider: Provider, sessions: Sessions) {
    this.#programs = programs
    this.#resident = provider.resident
    this.#sessions = sessions
  }

  /** @throws when an operation of the programs would not run on the card, or there is no card */
  static async open(programs: StepPrograms, provider: Provider): Promise<StepSession> {
    const onCard = (role: 'state' | 'out', specs: TensorSpecs) =>
      Object.keys(specs).map((name) => [edgeName('once', role, name), 'gpu-buffer'])
    const create = (program: EmittedProgram | null, keep: boolean): Promise<InferenceSession> | null =>
      program &&
      InferenceSession.create(program.bytes, {
        ...sessionOptions(provider.id, programs.mixed),
        ...(keep && provider.resident && { preferredOutputLocation: Object.fromEntries(onCard('state', program.state)) }),
      })
    const sessions = {
      single: await create(programs.single, true),
      several: await create(programs.several?.program ?? null, true),
      stateCopy: provider.resident ? await create(programs.stateCopy, false) : null,
      inputsCopy: provider.resident ? await create(programs.inputsCopy, true) : null,
    }
    return new StepSession(programs, provider, sessions)
  }

  async load({ state = {}, inputs = {} }: { state?: HostArrays; inputs?: HostArrays }): Promise<void> {
    this.#replace('state', { ...this.#state, ...mapValues(state, toTensor) })
    const all = { ...this.#inputs, ...mapValues(inputs, toTensor) }
    const complete = Object.keys(this.#programs.single.inputs).every((name) => name in all)
    const copied = this.#sessions.inputsCopy && complete && Object.keys(inputs).length > 0
    this.#replace('inputs', copied ? await this.#copy(this.#sessions.inputsCopy, this.#programs.inputsCopy, all) : all)
  }

  async run(scan: HostArrays, steps: number): Promise<HostArrays> {
    const { single, several } = this.#programs
    const outs: HostArrays[] = []
    for (let at = 0; at < steps; ) {
      const most = several && steps - at >= several.steps ? several.steps : 1
      const program = several && most > 1 ? several.program : single
      outs.push(await this.#steps(program, most > 1 ? this.#sessions.several : this.#sessions.single, slice(scan, steps, at, most)))
      at += most
    }
    return stacked(outs)
  }

  async state(): Promise<HostArrays> {
    const { stateCopy } = this.#programs
    if (!stateCopy) return {}
    const here = this.#resident ? await this.#copy(this.#sessions.stateCopy, stateCopy, this.#state) : this.#state
    return mapValues(here, (tensor) => ({ shape: tensor.dims, values: hostValues(tensor).slice() }))
  }

  async close(): Promise<void> {
    this.#replace('state', {})
    this.#replace('inputs', {})
    for (const session of Object.values(this.#sessions)) await session?.release()
  }

  async #steps(program: EmittedProgram, session: InferenceSession | null, scan: HostArrays): Promise<HostArrays> {
    const feeds = { ...named('state', this.#state), ...named('inputs', this.#inputs), ...named('scan', mapValues(scan, toTensor)) }
    const results = await run(session, program, feeds)
    this.#replace(
      'state',
      mapValues(program.state, (_, name) => results[edgeName('once', 'state', name)]),
    )
    return mapValues(program.out, (_, name) => {
      const tensor = results[edgeName('once', 'out', name)]
      return { shape: tensor.dims, values: hostValues(tensor) }
    })
  }

  async #copy(session: InferenceSession | null, program: EmittedProgram | null, tensors: Tensors): Promise<Tensors> {
    if (!program) return {}
    const results = await run(session, program, named('state', tensors))
    return mapValues(program.state, (_, name) => results[edgeName('once', 'state', name)])
  }

  /** New tensors for old; those that are in both stay. */
  #replace(role: 'state' | 'inputs', news: Tensors): void {
    const olds = role === 'state' ? this.#state : this.#inputs
    const kept = new Set(Object.values(news))
    for (const old of Object.values(olds)) if (!kept.has(old)) old.dispose()
    if (role === 'state') this.#state = news
    else this.#inputs = news
  }
}

/**
 * Holds on to the card: ONNX Runtime forgets every kernel it has compiled when the last session of a provider is closed, and
 * compiling them again takes most of the time of opening a program.
 */
export async function holdOn({ id }: Provider): Promise<InferenceSession> {
  const program = copying('nothing', { nothing: { shape: [], dtype: 'float32' } }) as EmittedProgram
  return InferenceSession.create(program.bytes, { executionProviders: [id], logSeverityLevel: 4 })
}

async function run(session: InferenceSession | null, { title }: EmittedProgram, feeds: Tensors): Promise<Readonly<Record<string, Tensor>>> {
  if (!session) throw new Error(`${title}: there is no such session`)
  const wanted = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]]))
  const missing = session.inputNames.find((name) => !wanted[name])
  if (missing) throw new Error(`${title}: ${missing} was not given`)
  return session.run(wanted)
}

const named = (role: string, tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [inputName(role, name), tensor]))

const toTensor = ({ values, shape }: HostArray): Tensor =>
  values instanceof Float32Array ? new Tensor('float32', values, shape) : new Tensor('int32', values, shape)

/** The values of a tensor that lies in this process; asking one of the card would end it. */
function hostValues(tensor: Tensor): Float32Array | Int32Array {
  if (tensor.location !== 'cpu') throw new Error(`a tensor that should have come back is still on the card (${tensor.location})`)
  return tensor.data as Float32Array | Int32Array
}

/** Steps `from` … of scan arrays with `steps` of them. */
export const slice = (scan: HostArrays, steps: number, from: number, count: number): HostArrays =>
  mapValues(scan, ({ shape, values }) => {
    const size = values.length / steps
    return { shape: [count, ...shape.slice(1)], values: values.subarray(from * size, (from + count) * size) }
  })

/** Results of runs, one after the other. */
export function stacked(outs: readonly HostArrays[]): HostArrays {
  if (outs.length === 1) return outs[0]
  return mapValues(outs[0] ?? {}, (first, name) => {
    const all = outs.map((out) => out[name])
    const values = first.values instanceof Float32Array ? new Float32Array(sum(all)) : new Int32Array(sum(all))
    let at = 0
    for (const part of all) {
      values.set(part.values, at)
      at += part.values.length
    }
    return { shape: [all.reduce((steps, { shape }) => steps + shape[0], 0), ...first.shape.slice(1)], values }
  })
}

const sum = (arrays: readonly HostArray[]): number => arrays.reduce((length, { values }) => length + values.length, 0)
