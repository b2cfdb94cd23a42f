/** Kernels of TensorFlow.js's `cpu` backend that are replaced, for it is our reference and must also finish. */
import { registerKernel, type TensorInfo, unregisterKernel } from '@tensorflow/tfjs-core'

type Values = Float32Array | Int32Array
interface CpuBackend {
  readSync(dataId: object): Values
  makeTensorInfo(shape: readonly number[], dtype: string, values: Values): TensorInfo
}

// Theirs compares every id with every segment, one pass each.
unregisterKernel('UnsortedSegmentSum', 'cpu')
registerKernel({
  kernelName: 'UnsortedSegmentSum',
  backendName: 'cpu',
  kernelFunc({ inputs, attrs, backend }) {
    const cpu = backend as CpuBackend
    const [x, ids] = [inputs.x as TensorInfo, cpu.readSync(inputs.segmentIds?.dataId as object)]
    const segments = (attrs as unknown as { numSegments: number }).numSegments
    const values = cpu.readSync(x.dataId)
    const width = values.length / Math.max(1, ids.length)
    const sums = new (x.dtype === 'int32' ? Int32Array : Float32Array)(segments * width)
    for (let i = 0; i < values.length; i++) sums[ids[Math.floor(i / width)] * width + (i % width)] += values[i]
    return cpu.makeTensorInfo([segments, ...x.shape.slice(1)], x.dtype, sums)
  },
})
