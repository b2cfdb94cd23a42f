/** The graphics providers of ONNX Runtime that steps can run on. Which of them are there is known from `bundledProviders`. */
import { listSupportedBackends } from 'onnxruntime-node'

export interface Provider {
  /** As asked for by the user, and as ONNX Runtime calls it. */
  readonly id: 'webgpu' | 'cuda' | 'dml' | 'coreml'
  readonly title: string
  /** As recorded with results. */
  readonly executorName: string
  /** Whether results can stay on the card and be given to the next run as they are; otherwise they cross in every run. */
  readonly resident: boolean
  /** Steps of one run at most: each is a copy in the program, so more take longer to compile and save less and less. */
  readonly mostSteps: number
}

const provider = (id: Provider['id'], title: string, resident: boolean, mostSteps: number): Provider => ({
  id,
  title,
  executorName: `ONNX Runtime, ${title}`,
  resident,
  mostSteps,
})

export const providers: readonly Provider[] = [
  provider('webgpu', 'WebGPU', true, 8),
  provider('cuda', 'CUDA', false, 32),
  provider('dml', 'DirectML', false, 32),
  provider('coreml', 'Core ML', false, 32),
]

export const providerById = (id: string): Provider | null => providers.find((known) => known.id === id) ?? null

/** The providers that this computer's build of ONNX Runtime lists; whether there is a card for them only an attempt can tell. */
export const bundledProviders = (): ReadonlySet<string> => new Set(listSupportedBackends().map(({ name }) => name))
