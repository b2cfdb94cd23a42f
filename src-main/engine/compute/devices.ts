/** What this computer can compute with, and why what is absent is absent. */
import { arch, cpus, platform, totalmem } from 'node:os'
import { listSupportedBackends } from 'onnxruntime-node'
import type { DeviceDescription } from '#common/contract/engine.ts'

/** Threads for a run when nobody says: one core stays for the window. */
export const defaultThreads = (): number => Math.max(1, cpus().length - 1)

let known: Promise<DeviceDescription[]> | null = null

/** Looks once and remembers. Never throws: a device that cannot be looked at is absent, with the reason. */
export function listDevices(): Promise<DeviceDescription[]> {
  known ??= look()
  return known
}

async function look(): Promise<DeviceDescription[]> {
  const bundled = new Set(listSupportedBackends().map(({ name }) => name))
  const provider = (name: string, title: string, wish: string): DeviceDescription => ({
    id: name,
    title,
    available: false,
    reason: bundled.has(name)
      ? `ONNX Runtime brings it along; this version of Stratum trains on the processor only. ${wish}`
      : `ONNX Runtime for ${platform()} ${arch()} comes without it.`,
    memoryBytes: null,
  })
  return [
    {
      id: 'cpu',
      title: processorName(),
      available: true,
      reason: `Training and encoding, through ONNX Runtime on ${defaultThreads()} of ${cpus().length} cores.`,
      memoryBytes: totalmem(),
    },
    provider('webgpu', 'Graphics card (WebGPU)', 'It would need no toolkit.'),
    provider('cuda', 'NVIDIA graphics card (CUDA)', 'It would need NVIDIA’s toolkit.'),
    await tensorflow(),
  ]
}

function processorName(): string {
  const model = cpus()[0]?.model.trim()
  return model ? `Processor (${model})` : 'Processor'
}

/** The optional package is there only where its native part could be installed. */
async function tensorflow(): Promise<DeviceDescription> {
  const device = { id: 'tensorflow', title: 'NVIDIA graphics card (TensorFlow)', available: false, memoryBytes: null }
  const name: string = '@tensorflow/tfjs-node-gpu'
  try {
    await import(name)
    return { ...device, reason: 'The package is installed and loads; this version of Stratum does not train with it.' }
  } catch (error) {
    const missing = (error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND'
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return {
      ...device,
      reason: missing
        ? 'The optional package @tensorflow/tfjs-node-gpu is not installed: its native part is not available for this computer.'
        : `@tensorflow/tfjs-node-gpu does not load: ${why}`,
    }
  }
}
