/** Artifacts and jobs as everyone sees them. */
import { z } from 'zod'
import { ThresholdChoice } from './threshold.ts'

export const ArtifactKind = z.enum([
  'dataset',
  'examination',
  'matrix',
  'model',
  'latents',
  'clustering',
  'embedding2d',
  'scores',
  'features',
  'comparison',
  'report',
  'sweep',
  'step-sizes',
  'export',
])
export type ArtifactKind = z.output<typeof ArtifactKind>

export const ArtifactStatus = z.enum(['running', 'done', 'failed', 'cancelled'])
export type ArtifactStatus = z.output<typeof ArtifactStatus>

/** Of a name that somebody gives, in units of UTF-16: a list stays a list. */
export const longestName = 200

/** One class of a map or clustering as the user named and coloured it. Id 0 is 'no data' and is not listed. */
export const LegendEntry = z.object({
  id: z.int().positive(),
  name: z.string().max(longestName),
  colour: z.string().regex(/^#[0-9a-fA-F]{6}$/),
})
export type LegendEntry = z.output<typeof LegendEntry>

/** What someone found of a flagged row. */
export const ReviewEntry = z.object({
  verdict: z.enum(['confirmed', 'dismissed']).nullable(),
  comment: z.string().max(2000),
})
export type ReviewEntry = z.output<typeof ReviewEntry>

/** What a user may change on a finished artifact; never part of the content key. Every change goes through the journal. */
export const Annotations = z.object({
  legend: z.array(LegendEntry).max(65_535).optional(),
  threshold: z.number().optional(),
  /** The rule that gave it; of a threshold with another value it says nothing. */
  thresholdChoice: ThresholdChoice.optional(),
  /** Names of features or of numbers of the code, by position. */
  unitNames: z.record(z.string(), z.string().max(longestName)).optional(),
  /** What was found of flagged rows, by row number; of events and objects, by 'event/<n>' and 'object/<n>'. */
  review: z.record(z.string(), ReviewEntry).optional(),
  note: z.string().max(10_000).optional(),
})
export type Annotations = z.output<typeof Annotations>

export const DtypeName = z.enum(['uint8', 'uint16', 'uint32', 'int32', 'float16', 'float32', 'float64'])
export type DtypeName = z.output<typeof DtypeName>

export const ArrayInfo = z.object({
  name: z.string(),
  dtype: DtypeName,
  shape: z.array(z.int().nonnegative()),
  chunkRows: z.int().positive(),
})
export type ArrayInfo = z.output<typeof ArrayInfo>

export const Artifact = z.object({
  id: z.int().positive(),
  kind: ArtifactKind,
  name: z.string(),
  operation: z.string(),
  operationVersion: z.int(),
  params: z.record(z.string(), z.unknown()),
  /** Role → artifact id. */
  inputs: z.record(z.string(), z.int()),
  seed: z.int(),
  device: z.string(),
  contentKey: z.string(),
  status: ArtifactStatus,
  createdAt: z.string(),
  seconds: z.number().nullable(),
  /** What the operation found; its shape belongs to the kind (DatasetMeta, ModelMeta …). */
  meta: z.record(z.string(), z.unknown()),
  annotations: Annotations,
  arrays: z.array(ArrayInfo),
  /** ErrorReport of a failed run that was kept because its best state is usable. */
  error: z.record(z.string(), z.unknown()).nullable(),
})
export type Artifact = z.output<typeof Artifact>

/** Progress of a job. `fraction` null means the total is not known: then `done` counts and the bar is striped. */
export const Progress = z.object({
  stage: z.string(),
  fraction: z.number().min(0).max(1).nullable(),
  done: z.number().optional(),
  /** Unit of `done` and of the rate, e.g. 'pixels'. */
  unit: z.string().optional(),
  ratePerSecond: z.number().optional(),
  remainingSeconds: z.number().optional(),
  /** Free figures for the view of this kind of job, e.g. epoch, stage index. */
  detail: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
})
export type Progress = z.output<typeof Progress>

export const JobStatus = z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled'])
export type JobStatus = z.output<typeof JobStatus>

export const Job = z.object({
  id: z.int().positive(),
  operation: z.string(),
  title: z.string(),
  status: JobStatus,
  progress: Progress.nullable(),
  /** The artifact it makes, once that exists (at once for a cached one). */
  artifact: z.int().nullable(),
  /** True when the artifact was there already. */
  cached: z.boolean(),
  canPause: z.boolean(),
  startedAt: z.string().nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string(), where: z.record(z.string(), z.union([z.string(), z.number()])) })
    .nullable(),
})
export type Job = z.output<typeof Job>
