/** The reference: the very step function, run operation by operation on TensorFlow.js's `cpu` backend. Slow, exact, for tests. */
import { ready, setBackend, stack, type Tensor, tensor, tidy } from '../tfjs.ts'
import {
  copyOf,
  type Executor,
  executorNames,
  type HostArray,
  type HostArrays,
  mapValues,
  type StepFn,
  type StepSpec,
  type TensorMap,
  type TensorSpecs,
} from '../step.ts'

export async function openEager({ scan: scanSpecs }: StepSpec, step: StepFn): Promise<Executor> {
  setBackend('cpu')
  await ready()
  let state: HostArrays = {}
  let inputs: HostArrays = {}
  return {
    name: executorNames.eager,
    async load(given) {
      state = { ...state, ...given.state }
      inputs = { ...inputs, ...given.inputs }
    },
    async run(scan, steps) {
      setBackend('cpu')
      let result: HostArrays = {}
      tidy(() => {
        const fixed = mapValues(inputs, toTensor)
        let now: TensorMap = mapValues(state, toTensor)
        const outs: TensorMap[] = []
        for (let i = 0; i < steps; i++) {
          const after = step({ state: now, inputs: fixed, scan: row(scan, scanSpecs, i) })
          now = after.state
          outs.push(after.out)
        }
        state = mapValues(now, toHost)
        result = mapValues(outs[0] ?? {}, (_, name) => toHost(stack(outs.map((o) => o[name]))))
      })
      return result
    },
    state: async () => copyOf(state),
    async close() {},
  }
}

const toTensor = ({ shape, values }: HostArray): Tensor =>
  tensor(values, [...shape] as [number], values instanceof Float32Array ? 'float32' : 'int32')
const toHost = (x: Tensor): HostArray => ({ shape: x.shape, values: x.dataSync() as Float32Array | Int32Array })

/** Row i of every scan array. */
function row(scan: Readonly<Record<string, HostArray>>, specs: TensorSpecs, i: number): TensorMap {
  return mapValues(specs, ({ shape }, name) => {
    const size = shape.reduce((product, n) => product * n, 1)
    return toTensor({ shape, values: scan[name].values.slice(i * size, (i + 1) * size) })
  })
}
