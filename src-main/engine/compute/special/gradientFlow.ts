/** Where gradients go other ways than values. */
import { clone, customGrad, engine, type Tensor, zerosLike } from '@tensorflow/tfjs-core'

/**
 * x, for which no gradient is computed. A second handle on the same numbers that the tape has not seen: whatever led to x need
 * not even have a gradient.
 */
export function stopGradient<T extends Tensor>(x: T): T {
  engine().backend.incRef(x.dataId)
  return engine().makeTensorFromDataId(x.dataId, x.shape, x.dtype) as T
}

/** The value of `forward` with the gradient of `backward` (Bengio et al. 2013, "straight-through"). Same shapes. */
export function straightThrough<T extends Tensor>(forward: T, backward: Tensor): T {
  const swap = customGrad((value, _path) => ({
    value: clone(value as Tensor),
    gradFunc: (dy: Tensor) => [zerosLike(dy), dy],
  }))
  return swap(stopGradient(forward), backward) as T
}
