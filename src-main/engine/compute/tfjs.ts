/**
 * TensorFlow.js set up for this engine: operations, the slow exact `cpu` backend, our gradients, our own kernels.
 * Import it before anything that runs or differentiates tensor operations; importing twice is harmless.
 */
import '@tensorflow/tfjs-backend-cpu'
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core'
import './gradients.ts'
import './random/kernel.ts'
import './sparse/gradients.ts'
import './sparse/reference.ts'
import './special/referenceKernels.ts'

// Without it the cpu backend prints an advertisement for another package.
enableProdMode()
await setBackend('cpu')

export * from '@tensorflow/tfjs-core'
