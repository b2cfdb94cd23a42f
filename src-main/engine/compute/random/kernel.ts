/**
 * Random tensors for steps: `randomUniform` and `randomNormal` here, never tfjs's own, which draw on the host and would
 * be frozen into a traced program as constants.
 */
import { engine, registerKernel, type Scalar, type Tensor } from '@tensorflow/tfjs-core'
import { uniformsOf } from './counter.ts'
import { normalFrom } from './normal.ts'

interface CpuBackend {
  readSync(dataId: object): Int32Array
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): { dataId: object; shape: number[]; dtype: 'float32' }
}

registerKernel({
  kernelName: 'CounterUniform',
  backendName: 'cpu',
  kernelFunc({ inputs, attrs, backend }) {
    const { shape, site } = attrs as unknown as { shape: readonly number[]; site: string }
    const cpu = backend as CpuBackend
    const draw = uniformsOf(cpu.readSync(inputs.key?.dataId as object)[0], site)
    return cpu.makeTensorInfo(
      shape,
      'float32',
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => draw(i)),
    )
  },
})

/** Uniform in [0, 1). @param key int32 scalar of the step, see stepKey() */
export function randomUniform(key: Scalar, shape: readonly number[], site: string): Tensor {
  return engine().runKernel('CounterUniform', { key }, { shape: [...shape], site })
}

/** Normal with mean 0 and variance 1. */
export function randomNormal(key: Scalar, shape: readonly number[], site: string): Tensor {
  return normalFrom(randomUniform(key, shape, site))
}
