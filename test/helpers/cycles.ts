/** What a process holds on to, and two cycles that should leave nothing behind: a training, and an encoder opened and closed. */
import { readdirSync, readFileSync } from 'node:fs'
import { engine } from '#engine/compute/tfjs.ts'
import { traceBackend } from '#engine/compute/trace/backend.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { openEncoder } from '#engine/train/encoder.ts'
import { trainModel } from '#engine/train/train.ts'
import { curvedRows, trainOptions } from './training.ts'

export interface Held {
  /** Resident, without what V8 keeps in reserve, which comes in steps of 30 MB. */
  readonly memoryMB: number
  /** Open files and threads of the process; null where the system does not say. */
  readonly files: number | null
  readonly threads: number | null
  /** Timers, ports and workers that Node keeps. */
  readonly handles: number
  /** Tensors of TensorFlow.js and values of the tracer. */
  readonly tensors: number
  readonly traced: number
}

export function held(): Held {
  globalThis.gc?.()
  const { rss, heapUsed, heapTotal } = process.memoryUsage()
  const onLinux = process.platform === 'linux'
  return {
    memoryMB: (rss - heapTotal + heapUsed) / 2 ** 20,
    files: onLinux ? readdirSync('/proc/self/fd').length : null,
    threads: onLinux ? Number(/Threads:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) : null,
    handles: process.getActiveResourcesInfo().length,
    tensors: engine().memory().numTensors,
    traced: traceBackend.numDataIds(),
  }
}

/** A small model through a few steps, all stages of a run. */
export async function trainOnce(cycle: number): Promise<void> {
  const params = { encoder: [8], codeSize: 2, epochs: 1, batchSize: 64 }
  await trainModel(trainOptions('autoencoder', params, { seed: cycle }))
}

const rows = curvedRows(100, 5)
export async function encodeOnce(): Promise<void> {
  const model = modelById('autoencoder')
  const params = { encoder: [8], codeSize: 2 }
  const built = model.build(model.params.parse(params), 5)
  if (built.kind !== 'gradient') throw new Error('an autoencoder is trained by gradient')
  const encoder = await openEncoder({ model, params, inputDim: 5, weights: built.stages[0].initialWeights(initialiserOf(1)), threads: 1 })
  await encoder.encode(rows, 100)
  await encoder.close()
}
