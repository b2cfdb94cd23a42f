/**
 * The very step function, run operation by operation on TensorFlow.js: on its `cpu` backend the reference, slow and exact, for
 * tests; on `tensorflow`, where the optional package with the native library loads, what TensorFlow itself makes of it.
 */
import { StratumError } from '#common/errors.ts'
import { loadTensorflow } from '../devices/tensorflow.ts'
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

/** @throws DEVICE_UNAVAILABLE when TensorFlow's native library does not load, with the reason */
export async function openEager({ scan: scanSpecs }: StepSpec, step: StepFn, backend: 'cpu' | 'tensorflow' = 'cpu'): Promise<Executor> {
  const problem = backend === 'tensorflow' ? await loadTensorflow() : null
  if (problem) throw new StratumError('DEVICE_UNAVAILABLE', problem, 'Choose another device; all of them give the same results.')
  setBackend(backend)
  await ready()
  let state: HostArrays = {}
  let inputs: HostArrays = {}
  return {
    name: backend === 'cpu' ? executorNames.eager : executorNames.tensorflow,
    async load(given) {
      state = { ...state, ...given.state }
      inputs = { ...inputs, ...given.inputs }
    },
    async run(scan, steps) {
      setBackend(backend)
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
