/** What layers give, by name, for whoever asks while a forward pass is traced. Asking costs the operations asked for, being asked nothing. */
import type { Tensor } from '@tensorflow/tfjs-core'

let observer: Map<string, Tensor> | null = null

/** Called by every layer on what it gives. `name` is that of its weights without the last part: 'encoder/1'. */
export function observed<T extends Tensor>(name: string, activation: T): T {
  if (observer && !observer.has(name)) observer.set(name, activation)
  return activation
}

/** @returns  what `pass` returns, and what its layers gave, in order; of a layer that is used twice the first time */
export function observe<R>(pass: () => R): { readonly result: R; readonly activations: ReadonlyMap<string, Tensor> } {
  const outer = observer
  const activations = new Map<string, Tensor>()
  observer = activations
  try {
    return { result: pass(), activations }
  } finally {
    observer = outer
  }
}
