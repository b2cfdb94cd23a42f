/** Long work: what it would cost, how it goes, and its end. */
import { z } from 'zod'
import { Job } from '../../domain/artifact.ts'
import { ModelLayout } from '../../domain/results.ts'
import { id, none, float32, float64 } from './values.ts'

export const jobCalls = {
  /** Begins an operation and returns at once; progress arrives on `jobChanged`, the result on `artifactChanged`. */
  run: {
    input: z.object({
      operation: z.string(),
      inputs: z.record(z.string(), id).default({}),
      params: z.record(z.string(), z.unknown()).default({}),
      seed: z.int().nonnegative().default(7),
      /** Id of a device or 'auto'; left out, what the project remembers. */
      device: z.string().optional(),
      name: z.string().optional(),
    }),
    output: Job,
  },
  listJobs: { input: none, output: z.array(Job) },
  /** Answers within a second; the job ends as `cancelled`, or as `done` with its best state when `keep` is set and the job can. */
  cancelJob: { input: z.object({ job: id, keep: z.boolean().default(false) }), output: Job },
  pauseJob: { input: z.object({ job: id }), output: Job },
  resumeJob: { input: z.object({ job: id }), output: Job },
  /** Layer sizes, weights, expected memory for a model on a dataset or matrix, before training. */
  modelLayout: {
    /** `columns`: all of prepared rows; `conditions`: how many of them are given and not rebuilt. */
    input: z.object({
      model: z.string(),
      params: z.record(z.string(), z.unknown()),
      columns: z.int().positive(),
      conditions: z.int().min(0).default(0),
    }),
    output: ModelLayout,
  },
  /**
   * What a training would be and cost, before it begins: settings with those chosen for the data, layers, about how long, how much
   * memory and energy. `time` false answers at once without the time; with it a few steps may be made (about half a second a stage),
   * which a newer question ends (CANCELLED).
   */
  estimate: {
    input: z.object({
      model: z.string(),
      preset: z.string().nullable().default(null),
      settings: z.record(z.string(), z.unknown()).default({}),
      /** All prepared columns, `conditions` of them given. */
      columns: z.int().positive(),
      conditions: z.int().nonnegative().default(0),
      rows: z.int().positive(),
      holdoutRows: z.int().nonnegative().default(0),
      time: z.boolean().default(true),
    }),
    output: z.object({
      settings: z.record(z.string(), z.unknown()),
      /** Names of the settings that neither the preset nor the user said. */
      chosen: z.array(z.string()),
      /** What would be chosen where nothing was typed. */
      automatic: z.record(z.string(), z.unknown()),
      layout: ModelLayout,
      steps: z.number(),
      memoryBytes: z.number(),
      seconds: z.number().nullable(),
      basis: z.enum(['earlier run', 'probe', 'other runs']).nullable(),
      wattHours: z.number().nullable(),
    }),
  },
  metrics: {
    input: z.object({ artifact: id, afterStep: z.number().default(-1) }),
    output: z.array(z.object({ step: z.number(), name: z.string(), value: z.number() })),
  },
  /** What an embedding looks like while its job runs, at most `count` of its points, evenly drawn; null when there is nothing to see. */
  jobPicture: {
    input: z.object({ job: id, count: z.int().positive().max(2_000_000).default(50_000) }),
    output: z.object({ n: z.int(), plane: float32, rows: float64 }).nullable(),
  },
} as const
