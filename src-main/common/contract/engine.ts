/**
 * The conversation with the engine. Everything that computes goes through `run`; the other calls read what is there
 * or change annotations. Adding a row to a table in engine/ is the whole wiring.
 *
 * Bulk numbers travel as typed arrays beside their shape; a view asks for what its screen can show, never for a whole array.
 */
import { z } from 'zod'
import { Artifact, Job } from '../domain/artifact.ts'
import { anomalyCalls } from './engine/anomalies.ts'
import { classCalls } from './engine/classes.ts'
import { datasetCalls } from './engine/datasets.ts'
import { describeCalls } from './engine/describe.ts'
import { jobCalls } from './engine/jobs.ts'
import { latentCalls } from './engine/latents.ts'
import { projectCalls, ProjectInfo } from './engine/project.ts'
import { reportCalls } from './engine/reports.ts'
import { sourceCalls } from './engine/sources.ts'
import { id } from './engine/values.ts'

export type {
  CacheInfo,
  ComputeSettings,
  DeviceDescription,
  FormatDescription,
  ModelDescription,
  OperationDescription,
} from './engine/describe.ts'
export type { ProjectInfo } from './engine/project.ts'
export type { RasterWindow } from './engine/values.ts'

export const engineCalls = {
  ...describeCalls,
  ...projectCalls,
  ...sourceCalls,
  ...jobCalls,
  ...datasetCalls,
  ...latentCalls,
  ...reportCalls,
  ...classCalls,
  ...anomalyCalls,
} as const

/** At most about ten a second per job. */
export const engineEvents = {
  jobChanged: Job,
  artifactChanged: z.object({ artifact: Artifact.nullable(), id, deleted: z.boolean() }),
  /** New points of a running artifact's curves. */
  metricsAdded: z.object({ artifact: id, points: z.array(z.object({ step: z.number(), name: z.string(), value: z.number() })) }),
  projectChanged: ProjectInfo.nullable(),
  logged: z.object({ time: z.string(), level: z.enum(['info', 'warning', 'error']), message: z.string() }),
} as const
export type EngineCalls = typeof engineCalls
export type EngineEvents = typeof engineEvents
