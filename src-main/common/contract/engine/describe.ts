/** What the engine can do and on what it computes: registries, devices, settings of the machine. */
import { z } from 'zod'
import { none } from './values.ts'

/** JSON Schema (draft 2020-12) made by zod, with our meta keys: title, description, unit, paperTerm, group, advanced, labels, showWhen. */
const ParameterSchema = z.record(z.string(), z.unknown())

export const OperationDescription = z.object({
  id: z.string(),
  version: z.int(),
  title: z.string(),
  summary: z.string(),
  citation: z.string().nullable(),
  inputs: z.record(z.string(), z.object({ kinds: z.array(z.string()), optional: z.boolean(), description: z.string() })),
  produces: z.string(),
  params: ParameterSchema,
})
export type OperationDescription = z.output<typeof OperationDescription>

export const ModelDescription = z.object({
  id: z.string(),
  title: z.string(),
  summary: z.string(),
  group: z.string(),
  useWhen: z.string(),
  avoidWhen: z.string(),
  paper: z.string(),
  fits: z.array(z.string()),
  params: ParameterSchema,
  /** `prepare`: parameters of the prepare step that the model, or this preset, was made for; `prepareCounts`: those for raw counts of cells. */
  presets: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      summary: z.string(),
      params: z.record(z.string(), z.unknown()),
      prepare: z.record(z.string(), z.unknown()).optional(),
      prepareCounts: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
})
export type ModelDescription = z.output<typeof ModelDescription>

export const FormatDescription = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.string(),
  extensions: z.array(z.string()),
  options: ParameterSchema,
})
export type FormatDescription = z.output<typeof FormatDescription>

export const DeviceDescription = z.object({
  id: z.string(),
  title: z.string(),
  available: z.boolean(),
  /** Why it is absent, or what it is used for. */
  reason: z.string(),
  memoryBytes: z.number().nullable(),
})
export type DeviceDescription = z.output<typeof DeviceDescription>

export const ComputeSettings = z.object({
  /** Id of a device, or 'auto' for the fastest. */
  device: z.string(),
  /** Null for the default. */
  threads: z.int().positive().nullable(),
  cores: z.int().positive(),
  defaultThreads: z.int().positive(),
})
export type ComputeSettings = z.output<typeof ComputeSettings>

export const CacheInfo = z.object({
  folder: z.string(),
  bytes: z.number(),
  entries: z.int(),
  limitBytes: z.number(),
})
export type CacheInfo = z.output<typeof CacheInfo>

export const describeCalls = {
  /** Registries, for forms and galleries. */
  describe: {
    input: none,
    output: z.object({
      version: z.string(),
      operations: z.array(OperationDescription),
      models: z.array(ModelDescription),
      formats: z.array(FormatDescription),
    }),
  },
  /** Cards whose drivers take their time are listed as not found yet; ask again. */
  devices: { input: none, output: z.array(DeviceDescription) },
  /** Measures matrix products on a device, in 0.1 to 2 s; `gflops` null with the reason where that is not possible. */
  probeDevice: {
    input: z.object({ device: z.string(), threads: z.int().positive().optional() }),
    output: z.object({
      device: z.string(),
      gflops: z.number().nullable(),
      threads: z.int().positive().nullable(),
      reason: z.string().nullable(),
    }),
  },
  /** Where the open project computes unless a request says otherwise. */
  computeSettings: { input: none, output: ComputeSettings },
  /** Remembers it in the project; what is left out stays as it is, threads null go back to the default. */
  setComputeSettings: {
    input: z.object({ device: z.string().optional(), threads: z.int().positive().nullable().optional() }),
    output: ComputeSettings,
  },
  /** Decoded sources kept to be read faster the next time; null when that is switched off. */
  cacheInfo: { input: none, output: CacheInfo.nullable() },
  clearCache: { input: none, output: CacheInfo.nullable() },
  /** 0 keeps nothing. */
  setCacheLimit: { input: z.object({ limitBytes: z.number().nonnegative() }), output: CacheInfo.nullable() },
} as const
