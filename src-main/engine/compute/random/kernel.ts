/**
 * Random tensors for steps: `randomUniform` and `randomNormal` here, never tfjs's own, which draw on the host and would
 * be frozen into a traced program as constants.
 */
import { engine, type KernelBackend, registerKernel, type Scalar, type Tensor } from '@tensorflow/tfjs-core'
import { uniformsOf } from './counter.ts'
import { normalFrom } from './normal.ts'

/** Drawn in JavaScript, whatever the backend computes with: for eager executors. */
for (const backendName of ['cpu', 'tensorflow'])
  registerKernel({
    kernelName: 'CounterUniform',
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const { shape, site } = attrs as unknown as { shape: number[]; site: string }
      const eager = backend as KernelBackend
      const [key] = eager.readSync(inputs.key?.dataId as object) as Int32Array
      const draw = uniformsOf(key, site)
      const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => draw(i))
      return { dataId: eager.write(values, shape, 'float32'), shape, dtype: 'float32' }
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
