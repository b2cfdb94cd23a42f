/**
 * The conversation with the engine. Everything that computes goes through `run`; the other calls read what is there
 * or change annotations. Adding a row is the whole wiring.
 *
 * Bulk numbers travel as typed arrays beside their shape; a view asks for what its screen can show, never for a whole array.
 */
import { z } from 'zod'
import { Annotations, Artifact, Job, ReviewEntry } from '../domain/artifact.ts'
import { SourceReport, SourceState } from '../domain/dataset.ts'
import { AreaAdjusted, ClassFigures, CurveMark, Naming } from '../domain/evaluation.ts'
import { FeatureDetail, FeatureLine, FeatureSort } from '../domain/features.ts'
import { ModelLayout } from '../domain/results.ts'
import { AnomalyEvent, AnomalyObject, FlaggedRow, Interval, ReviewFilter, ThresholdChoice } from '../domain/scores.ts'
import { RowSelection } from '../domain/selection.ts'
import { TreeCut } from '../domain/treeCut.ts'

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
  /** `prepare`: parameters of the prepare step that the model, or this preset, was made for. */
  presets: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      summary: z.string(),
      params: z.record(z.string(), z.unknown()),
      prepare: z.record(z.string(), z.unknown()).optional(),
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

export const ProjectInfo = z.object({
  path: z.string(),
  name: z.string(),
  readOnly: z.boolean(),
  sizeBytes: z.number(),
  createdAt: z.string(),
  undo: z.string().nullable(),
  redo: z.string().nullable(),
})
export type ProjectInfo = z.output<typeof ProjectInfo>

/** A window of a raster in pixels of the full grid, and the size wanted back (nearest neighbour, or overviews where there are). */
export const RasterWindow = z.object({
  x: z.int().nonnegative(),
  y: z.int().nonnegative(),
  width: z.int().positive(),
  height: z.int().positive(),
  outWidth: z.int().positive().max(4096),
  outHeight: z.int().positive().max(4096),
})
export type RasterWindow = z.output<typeof RasterWindow>

const id = z.int().positive()
/** A typed array as it is; z.instanceof would narrow its buffer type. */
const typed = <T>(type: new (n: number) => T) => z.custom<T>((value) => value instanceof type)
const float32 = typed<Float32Array>(Float32Array)
const float64 = typed<Float64Array>(Float64Array)
const uint16 = typed<Uint16Array>(Uint16Array)
const uint8 = typed<Uint8Array>(Uint8Array)
const int32 = typed<Int32Array>(Int32Array)
const none = z.object({})

export const engineCalls = {
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
  /** What a file is, before importing it. */
  inspect: {
    input: z.object({ path: z.string(), as: z.string().optional(), options: z.record(z.string(), z.unknown()).default({}) }),
    output: SourceReport,
  },
  /** Its first rows, the ranges of the values looked at (a bounded number of them), and a small picture of a scene: [bands, height, width], NaN for no data. */
  previewSource: {
    input: z.object({
      path: z.string(),
      as: z.string().optional(),
      options: z.record(z.string(), z.unknown()).default({}),
      rows: z.int().nonnegative().max(200).default(40),
      columns: z.int().positive().max(200).default(40),
      bands: z.array(z.int().nonnegative()).max(3).default([]),
    }),
    output: z.object({
      names: z.array(z.string()),
      rows: z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
      min: float32,
      max: float32,
      missingShare: float32,
      rowsRead: z.number(),
      complete: z.boolean(),
      picture: z.object({ width: z.int(), height: z.int(), bands: z.array(z.int()), values: float32 }).nullable(),
    }),
  },

  createProject: { input: z.object({ path: z.string() }), output: ProjectInfo },
  openProject: { input: z.object({ path: z.string(), readOnly: z.boolean().default(false) }), output: ProjectInfo },
  closeProject: { input: none, output: none },
  project: { input: none, output: ProjectInfo.nullable() },

  listArtifacts: { input: none, output: z.array(Artifact) },
  renameArtifact: { input: z.object({ artifact: id, name: z.string().min(1).max(200) }), output: Artifact },
  annotateArtifact: { input: z.object({ artifact: id, annotations: Annotations }), output: Artifact },
  /** Deletes it and everything made from it; undo is not possible, so the window asks first. */
  deleteArtifact: { input: z.object({ artifact: id }), output: z.object({ deleted: z.array(id) }) },
  undo: { input: none, output: ProjectInfo },
  redo: { input: none, output: ProjectInfo },

  /** Whether the sources of all datasets are where they were, by size and time; nothing is read. */
  sourceStates: { input: none, output: z.array(SourceState) },
  /** Links a dataset to where its file is now; a file of other content is refused with what differs. Undo takes it back. */
  relink: { input: z.object({ artifact: id, path: z.string().min(1) }), output: Artifact },
  /** Looks for a dataset's file in a folder and the folders in it. A new search ends the one before. */
  findSource: {
    input: z.object({ artifact: id, folder: z.string().min(1) }),
    output: z.object({ path: z.string().nullable(), entries: z.int(), complete: z.boolean() }),
  },
  /** Ends the search that is going on; it answers CANCELLED. */
  stopFindingSource: { input: none, output: none },

  /** Decoded sources kept to be read faster the next time; null when that is switched off. */
  cacheInfo: { input: none, output: CacheInfo.nullable() },
  clearCache: { input: none, output: CacheInfo.nullable() },
  /** 0 keeps nothing. */
  setCacheLimit: { input: z.object({ limitBytes: z.number().nonnegative() }), output: CacheInfo.nullable() },

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

  /** values [bands, outHeight, outWidth] float32, NaN where there is no data. */
  readRaster: {
    input: z.object({ dataset: id, bands: z.array(z.int().nonnegative()).min(1).max(512), window: RasterWindow }),
    output: z.object({ values: float32 }),
  },
  /** values [outHeight, outWidth]: labels of a clustering (0 = no data) or scores (NaN = no data), by artifact kind. */
  readMap: { input: z.object({ artifact: id, window: RasterWindow }), output: z.object({ values: z.union([uint16, float32]) }) },
  /** Rows of a table, cells or embedding as shown: numbers, text, null for missing. */
  readRows: {
    input: z.object({
      dataset: id,
      offset: z.int().nonnegative(),
      limit: z.int().positive().max(500),
      columns: z.int().positive().max(200).default(60),
    }),
    output: z.object({
      names: z.array(z.string()),
      rows: z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
      total: z.number(),
    }),
  },
  /** Values of all columns at one row (mean over a square of `radius` pixels for rasters), before and after the model when one is given. */
  readSpectrum: {
    input: z.object({ dataset: id, row: z.number().nonnegative(), radius: z.int().min(0).max(16).default(0), model: id.optional() }),
    output: z.object({
      values: z.array(z.number().nullable()),
      reconstruction: z.array(z.number().nullable()).nullable(),
      pca: z.array(z.number().nullable()).nullable(),
    }),
  },
  /** What an examination found in numbers: its correlation matrix [columns, columns], NaN where a column does not vary, and a seeded sample of at most `cells` cells. */
  readExamination: {
    input: z.object({ examination: id, cells: z.int().nonnegative().max(100_000).default(5000) }),
    output: z.object({
      correlation: float32,
      cells: z.object({ rows: float64, counts: float32, genes: float32, mitochondrial: float32 }).nullable(),
    }),
  },
  /** A seeded sample of valid rows for the scatter: codes [n, codeSize], row numbers, labels and scores where given. */
  sampleLatents: {
    input: z.object({ latents: id, count: z.int().positive().max(2_000_000), clustering: id.optional(), scores: id.optional() }),
    output: z.object({
      n: z.int(),
      codeSize: z.int(),
      codes: float32,
      rows: float64,
      labels: uint16.nullable(),
      scores: float32.nullable(),
    }),
  },
  /** At most `count` points of an embedding, evenly drawn, as sampleLatents gives them: plane [n, 2], row numbers in the dataset rising. */
  readEmbedding: {
    input: z.object({
      embedding: id,
      count: z.int().positive().max(2_000_000).default(2_000_000),
      clustering: id.optional(),
      scores: id.optional(),
    }),
    output: z.object({ n: z.int(), plane: float32, rows: float64, labels: uint16.nullable(), scores: float32.nullable() }),
  },
  /** What an embedding looks like while its job runs, at most `count` of its points, evenly drawn; null when there is nothing to see. */
  jobPicture: {
    input: z.object({ job: id, count: z.int().positive().max(2_000_000).default(50_000) }),
    output: z.object({ n: z.int(), plane: float32, rows: float64 }).nullable(),
  },
  /**
   * Two labellings of the same rows against each other: counts [first + 1, second + 1] with ids from 1 (row and column 0 are empty), and
   * for each id of the first the one of the second that it shares most rows with, one to one, −1 where none is left.
   */
  compareClasses: {
    input: z.object({
      first: z.object({ artifact: id, array: z.string().default('labels') }),
      second: z.object({ artifact: id, array: z.string().default('labels') }),
    }),
    output: z.object({ counts: float64, first: z.int(), second: z.int(), rows: z.number(), ari: z.number(), matched: z.array(z.int()) }),
  },
  /**
   * A row of an evaluation that is a clustering: counts [found, labelled], the found classes with the names they have now, for each of them
   * the position of the labelled class that it is named by (−1: none), and what follows of each labelled class. `adjusted` of maps only.
   */
  readConfusion: {
    input: z.object({ comparison: id, row: z.int().nonnegative(), naming: Naming.default('one-to-one') }),
    output: z.object({
      counts: float64,
      found: z.array(
        z.object({ id: z.int(), name: z.string(), colour: z.string(), isNoise: z.boolean(), rows: z.number(), mapped: z.number() }),
      ),
      labelled: z.array(z.object({ name: z.string(), rows: z.number() })),
      named: z.array(z.int()),
      /** Share of rows that are right under this naming, and beyond chance (Cohen's kappa). */
      accuracy: z.number(),
      kappa: z.number(),
      classes: z.array(ClassFigures),
      adjusted: AreaAdjusted.nullable(),
    }),
  },
  /** A row of an evaluation that is scores: its curves, at most 2000 points each, and where they are at the thresholds. */
  readCurves: {
    input: z.object({ comparison: id, row: z.int().nonnegative() }),
    output: z.object({
      roc: z.object({ threshold: float64, falseAlarmRate: float64, recall: float64 }),
      pr: z.object({ threshold: float64, recall: float64, precision: float64 }),
      marks: z.array(CurveMark),
      anomalies: z.number(),
      normal: z.number(),
    }),
  },
  /** How many rows are in a selection, and which of the rows given. Rows with no data are in it only where it is an area or names them. */
  selectRows: {
    input: z.object({ selection: RowSelection, rows: float64.optional() }),
    output: z.object({ count: z.number(), inside: uint8.nullable() }),
  },
  /** Rows of a selection alone, as `readRows` shows them, from the `offset`-th of them on: `numbers` are their row numbers, `total` all of them. */
  readSelectedRows: {
    input: z.object({
      selection: RowSelection,
      offset: z.int().nonnegative(),
      limit: z.int().positive().max(500),
      columns: z.int().positive().max(200).default(60),
    }),
    output: z.object({
      names: z.array(z.string()),
      numbers: float64,
      rows: z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()]))),
      total: z.number(),
    }),
  },
  /** values [outHeight, outWidth]: 1 for pixels of a scene that are in the selection. */
  selectionMap: { input: z.object({ selection: RowSelection, window: RasterWindow }), output: z.object({ values: uint8 }) },
  /**
   * What the rows of a selection look like beside all rows, by source column in the source's units, from a sample of `sampled` of them: as
   * the classes of a clustering. Which rows are drawn is up to the model, or the model of the latents, given; without one the last matrix
   * made of the dataset; of few rows up to 100 are read from the source instead. Of a category the position of the commonest one and the share of the others.
   */
  selectionProfile: {
    input: z.object({ selection: RowSelection, latents: id.optional(), model: id.optional() }),
    output: z.object({
      rows: z.number(),
      sampled: z.int(),
      names: z.array(z.string()),
      /** [columns] of the selection; NaN where no row was sampled. */
      mean: float64,
      sd: float64,
      allMean: float64,
      allSd: float64,
      distinguishing: z.array(z.object({ column: z.int(), effect: z.number(), p: z.number() })),
    }),
  },
  /**
   * How the classes of a clustering hang together, from the leaves up: 0 … leaves − 1 are leaves, leaves + i is merge i. Children [merges, 2],
   * height [merges] never falls, size [leaves + merges] rows under each node, leafClass [leaves] from 1, 0 for noise. Of a condensed tree
   * ends [leaves]: the distance at which the last row leaves. `holder` keeps at which node each row lies; null where none does.
   */
  readTree: {
    input: z.object({ clustering: id }),
    output: z.object({
      kind: z.enum(['ward', 'condensed']),
      leaves: z.int(),
      children: int32,
      height: float64,
      size: float64,
      leafClass: int32,
      ends: float64.nullable(),
      holder: id.nullable(),
    }),
  },
  /** What a cut elsewhere would give: shares of the rows [k], the largest first, of noise, and the class of each node, −1 for none. */
  previewCut: {
    input: z.object({ clustering: id, cut: TreeCut }),
    output: z.object({ k: z.int(), shares: float64, noise: z.number(), nodeClass: int32 }),
  },
  /** One number of each of the rows given (rising), to colour them by; NaN where there is none. A newer question ends an older one (CANCELLED). */
  readValues: {
    input: z.object({
      rows: float64,
      of: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('class'), artifact: id }),
        z.object({ kind: z.literal('score'), artifact: id }),
        z.object({ kind: z.literal('code'), artifact: id, unit: z.int().nonnegative() }),
        /** Of the dataset, in the source's units; of a category its position. */
        z.object({ kind: z.literal('column'), artifact: id, column: z.int().nonnegative() }),
      ]),
    }),
    output: z.object({ values: float32 }),
  },
  /** Everything known of one row of a raster, for the map's read-out. */
  readPixel: {
    input: z.object({ dataset: id, x: z.int().nonnegative(), y: z.int().nonnegative(), clustering: id.optional(), scores: id.optional() }),
    output: z.object({ row: z.number(), label: z.int().nullable(), score: z.number().nullable(), values: z.array(z.number().nullable()) }),
  },

  /**
   * The rows of a report's gallery and its figures by column. Rows [n, columns] in source units, NaN for missing: as they are, as the
   * model and as PCA rebuild them. `explained` and `pcaExplained`: one for each rebuilt column.
   */
  readReport: {
    input: z.object({ report: id }),
    output: z.object({
      names: z.array(z.string()),
      rows: float64,
      x: float32,
      reconstruction: float32,
      pca: float32,
      rebuiltNames: z.array(z.string()),
      explained: float32,
      pcaExplained: float32,
    }),
  },
  /**
   * One number of the code varied over its 1st … 99th percentile (from least to largest where those are equal), the others at their
   * median or as they are for a row of the dataset: what the model makes of it. Profiles [steps, columns] in source units.
   * Its ranges are those of the report, or of a small sample of the model's rows.
   */
  readTraversal: {
    input: z.object({
      model: id,
      report: id.optional(),
      unit: z.int().nonnegative(),
      row: z.number().nonnegative().optional(),
      steps: z.int().min(2).max(64).default(9),
    }),
    output: z.object({ names: z.array(z.string()), values: float32, profiles: float32, median: z.number() }),
  },
  /** A page of the features of a dictionary, sorted; `total` counts those that pass the filter. */
  listFeatures: {
    input: z.object({
      features: id,
      sort: FeatureSort.default('density'),
      descending: z.boolean().default(true),
      filter: z
        .object({
          /** Share of rows where it fires, both ends included. */
          minDensity: z.number().optional(),
          maxDensity: z.number().optional(),
          /** Whether those that never fire are listed; by default they are not. */
          never: z.boolean().default(false),
          /** Part of its name, of its column's or of its label's, or its number. */
          text: z.string().max(200).optional(),
        })
        .default({ never: false }),
      offset: z.int().nonnegative().default(0),
      limit: z.int().positive().max(1000).default(100),
    }),
    output: z.object({ total: z.int(), lines: z.array(FeatureLine) }),
  },
  /** All that is known of one feature. Source columns: mean over the rows where it fires (NaN where it never does), and over all rows. */
  readFeature: {
    input: z.object({ features: id, feature: z.int().nonnegative() }),
    output: FeatureDetail.extend({ names: z.array(z.string()), profile: float32, overall: float32 }),
  },
  /**
   * The activation of one feature on given rows of the dataset, in their order; NaN where a row has no data. At most 100 000 rows, and
   * 2^28 divided by the number of features.
   */
  readActivations: {
    input: z.object({ features: id, feature: z.int().nonnegative(), rows: float64 }),
    output: z.object({ values: float32 }),
  },

  /**
   * A page of the rows that score above a threshold (the artifact's own when left out). `flagged` counts all of them; `total` those listed
   * under the filter: rows beyond the artifact's `detailedRows` are not.
   */
  listFlagged: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      sort: z.enum(['score', 'row', 'confidence', 'reviewed']).default('score'),
      descending: z.boolean().default(true),
      review: ReviewFilter.default('all'),
      /** Only these rows of the dataset, e.g. an event's: both ends included. */
      rows: z.object({ from: z.number(), to: z.number() }).optional(),
      offset: z.int().nonnegative().default(0),
      limit: z.int().positive().max(500).default(100),
    }),
    output: z.object({ threshold: z.number(), flagged: z.number(), total: z.int(), rows: z.array(FlaggedRow) }),
  },
  /** Time series: flagged windows of one unit with at most `mergeGap` unflagged ones between them; gap and length as they were scored when left out. */
  listEvents: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      mergeGap: z.int().nonnegative().max(100_000).optional(),
      minimumLength: z.int().positive().max(100_000).optional(),
      sort: z.enum(['score', 'row', 'flagged']).default('score'),
      review: ReviewFilter.default('all'),
      offset: z.int().nonnegative().default(0),
      limit: z.int().positive().max(500).default(100),
    }),
    output: z.object({ threshold: z.number(), total: z.int(), events: z.array(AnomalyEvent) }),
  },
  /** Rasters: contiguous flagged pixels, 8 neighbours. At most the 100 000 highest are kept in mind. */
  listObjects: {
    input: z.object({
      scores: id,
      threshold: z.number().optional(),
      minimumPixels: z.int().positive().max(1_000_000).optional(),
      sort: z.enum(['score', 'pixels', 'row']).default('score'),
      review: ReviewFilter.default('all'),
      offset: z.int().nonnegative().default(0),
      limit: z.int().positive().max(500).default(100),
    }),
    output: z.object({ threshold: z.number(), total: z.int(), objects: z.array(AnomalyObject) }),
  },
  /**
   * Time series: scores along time, of one unit or of all. At most `points` parts, each with its lowest score and its highest, which says
   * where it stands; `from` and `to` as windows start: seconds since 1970 of dates, other times as they are, rows where there are none.
   */
  readScoreLine: {
    input: z.object({
      scores: id,
      unit: z.string().nullable().default(null),
      from: z.number().nullable().default(null),
      to: z.number().nullable().default(null),
      points: z.int().min(2).max(10_000).default(1000),
    }),
    output: z.object({
      units: z.array(z.string()),
      /** Null where there are no times. */
      isDate: z.boolean().nullable(),
      /** Of all windows of the unit; null where it has none. */
      range: z.object({ from: z.number(), to: z.number() }).nullable(),
      /** Windows between `from` and `to`. */
      windows: z.number(),
      time: float64,
      low: float32,
      high: float32,
      row: float64,
    }),
  },
  /**
   * What labels hold: each value with its rows, in the order of names; the 1000 commonest of very many. Of polygons also the attributes that
   * may name their class. `field` as in `evaluate`: null is the one that is called like a class.
   */
  listLabels: {
    input: z.object({ dataset: id, labels: z.string().min(1), field: z.string().nullable().default(null) }),
    output: z.object({
      values: z.array(z.object({ name: z.string(), rows: z.number() })),
      total: z.int(),
      unlabelled: z.number(),
      fields: z.array(z.string()),
    }),
  },
  /**
   * The threshold that a rule gives on finished scores: the same as if they had been made with it. Nothing is kept; that is up to
   * `annotateArtifact`. `rule` are parameters of the operation `score`; `brief` leaves out intervals and counts, for a slider that moves.
   */
  chooseThreshold: {
    input: z.object({ scores: id, rule: z.record(z.string(), z.unknown()), brief: z.boolean().default(false) }),
    output: z.object({ choice: ThresholdChoice, falseAlarmsPer1000: Interval, flagged: z.number().nullable() }),
  },
  /** What was found of rows ('1204'), events ('event/1204') and objects ('object/1204'); null takes it back. The others stay; one step of undo. */
  review: {
    input: z.object({
      scores: id,
      entries: z.record(z.string().regex(/^(event\/|object\/)?\d{1,15}$/), ReviewEntry.nullable()),
    }),
    output: Artifact,
  },

  getSetting: { input: z.object({ key: z.string() }), output: z.unknown() },
  setSetting: { input: z.object({ key: z.string(), value: z.json() }), output: none },
  /** Every chunk's checksum, every edge, every foreign key. */
  verify: { input: none, output: z.object({ artifacts: z.int(), chunks: z.int(), problems: z.array(z.string()) }) },
  /** The graph behind an artifact as a YAML recipe. */
  recipe: { input: z.object({ artifact: id }), output: z.object({ yaml: z.string() }) },
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
