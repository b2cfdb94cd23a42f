/** What this computer can compute with, and why what is absent is absent. How fast each is: devices/probe.ts. */
import { setTimeout as wait } from 'node:timers/promises'
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import type { DeviceDescription } from '#common/contract/engine.ts'
import { defaultThreads } from './devices/settings.ts'
import { loadTensorflow } from './devices/tensorflow.ts'
import { GraphicsFailure, processOf } from './executors/gpu/graphicsProcess.ts'
import { bundledProviders, type Provider, providers } from './executors/gpu/provider.ts'

/**
 * Never throws: a device that cannot be looked at is absent, with the reason.
 *
 * @param withinMs  looking for a card means starting a process that asks its driver, half a second or two; one that has not
 *                  answered by then is listed as not found yet, and the next call knows
 */
export async function listDevices(withinMs = Number.POSITIVE_INFINITY): Promise<DeviceDescription[]> {
  const cards = await Promise.all(providers.filter(belongsHere).map((provider) => describeCard(provider, withinMs)))
  const why = await loadTensorflow()
  return [
    {
      id: 'cpu',
      title: processorName(),
      available: true,
      reason: `Training and encoding, through ONNX Runtime on ${defaultThreads()} of ${availableParallelism()} cores unless set otherwise.`,
      memoryBytes: totalmem(),
    },
    ...cards,
    {
      id: 'tensorflow',
      title: 'NVIDIA graphics card (TensorFlow)',
      available: false,
      reason: why ?? 'The package is installed and loads. It serves to compare results with; training does not use it.',
      memoryBytes: null,
    },
  ]
}

/** Providers of other systems are not worth a line. */
const belongsHere = ({ id }: Provider): boolean =>
  id === 'webgpu' || bundledProviders().has(id) || (id === 'cuda' && platform() !== 'darwin')

const titles: Readonly<Record<Provider['id'], string>> = {
  webgpu: 'Graphics card (WebGPU)',
  cuda: 'NVIDIA graphics card (CUDA)',
  dml: 'Graphics card (DirectML)',
  coreml: 'Apple processor (Core ML)',
}

async function describeCard(provider: Provider, withinMs: number): Promise<DeviceDescription> {
  const row = (available: boolean, reason: string): DeviceDescription => ({
    id: provider.id,
    title: titles[provider.id],
    available,
    reason,
    memoryBytes: null,
  })
  if (!bundledProviders().has(provider.id)) return row(false, `ONNX Runtime for ${platform()} ${arch()} comes without it.`)
  const problem = await Promise.race([
    problemOf(provider),
    ...(Number.isFinite(withinMs) ? [wait(withinMs, 'late' as const, { ref: false })] : []),
  ])
  if (problem === 'late') return row(false, 'Its driver has not answered yet; ask again.')
  if (problem !== null) return row(false, `Not usable: ${problem}. Training on it would fall back to the processor.`)
  return row(true, 'Training, through ONNX Runtime in a process of its own; the processor takes over whatever it cannot do.')
}

const problems = new Map<Provider['id'], Promise<string | null>>()

/** Why a card cannot be used; looked at once. */
function problemOf(provider: Provider): Promise<string | null> {
  const known = problems.get(provider.id)
  if (known) return known
  const found = processOf(provider)
    .attempt()
    .then(
      () => null,
      (error: unknown) => {
        if (error instanceof GraphicsFailure) return error.reason
        throw error
      },
    )
  problems.set(provider.id, found)
  return found
}

function processorName(): string {
  const model = cpus()[0]?.model.trim()
  return model ? `Processor (${model})` : 'Processor'
}
