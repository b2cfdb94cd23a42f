/** A thread that decomposes one large matrix and ends; see eigenvectors.ts for the other end. */
import { parentPort, workerData } from 'node:worker_threads'
import { eigenpairsOf } from './eigenvectors.ts'

if (!parentPort) throw new Error('eigenvectors.worker.ts runs in a worker thread only')
const { S, d, k, seed } = workerData as { readonly S: Float64Array; readonly d: number; readonly k: number; readonly seed: number }
parentPort.postMessage(await eigenpairsOf(S, d, k, seed))
