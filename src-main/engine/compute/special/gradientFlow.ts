/** Where gradients do not go. */
import { engine, type Tensor } from '@tensorflow/tfjs-core'

/**
 * x, for which no gradient is computed. A second handle on the same numbers that the tape has not seen: whatever led to x need
 * not even have a gradient.
 */
export function stopGradient<T extends Tensor>(x: T): T {
  engine().backend.incRef(x.dataId)
  return engine().makeTensorFromDataId(x.dataId, x.shape, x.dtype) as T
}
