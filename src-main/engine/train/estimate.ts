/**
 * What a training will cost, before it begins: time, memory, energy. About, and said to be so.
 *
 *   seconds   steps of every stage times what a step takes, a third of a step for every batch of held-out rows and pass, PCA, and opening:
 *             that of the probe for learning, once more for judging
 *   a step    as an earlier run of the same model with the same layers and rows per step took it on this device; else measured on a few
 *             steps with made-up rows (the probe, about half a second a stage); while something else computes, neither: then scaled from
 *             any earlier run by multiply-adds
 *   memory    what the engine grows by: its numeric threads, rows as they are kept for training and copies on their way, the weights with
 *             what the optimiser remembers, and the layers of one batch. Losses that compare rows with each other take more.
 *
 * A run that stops early takes less. Memory of the probe: at most 16 MB of rows, and what the steps of a stage need.
 */
import { throwIfCancelled } from '#common/errors.ts'
import type { ModelLayout, ModelMeta } from '#common/domain/results.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { NumericWorker } from '../compute/numericWorker.ts'
import { rowsInMemory } from '../compute/rowReader.ts'
import { initialiserOf } from '../layers/initialise.ts'
import { buildFor } from '../models/build.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'
import { TrainingParams } from '../models/training.ts'
import { optimiserOf } from '../optim/registry.ts'
import { layoutOf } from './layout.ts'
import { mostResidentBytes } from './matrixRows.ts'
import { shardBytes } from './rowOrder.ts'
import { noPlateau, type Plateau } from './schedule.ts'
import { StageSteps } from './stageSteps.ts'
import type { ReadyOptions } from './types.ts'
import { sharedFloats } from '../analysis/threads/sharedMemory.ts'

/** What is known of the rows before they are prepared. */
interface DataSize {
  /** All prepared columns, `conditions` of them given. */
  readonly columns: number
  readonly conditions: number
  readonly rows: number
  readonly holdoutRows: number
}

interface Estimate {
  readonly layout: ModelLayout
  /** All steps of all stages. */
  readonly steps: number
  readonly memoryBytes: number
  /** Null where nothing is known of the speed. */
  readonly seconds: number | null
  /** What the time is taken from. */
  readonly basis: 'earlier run' | 'probe' | 'other runs' | null
  /** From what earlier runs used; null where that could not be read. */
  readonly wattHours: number | null
}

export interface Machine {
  readonly device: string
  readonly threads: number
  readonly memoryBudgetBytes: number
  /** Finished models of the project. */
  readonly earlier: readonly Artifact[]
  /** Whether a few steps may be made now. */
  readonly probe: boolean
  readonly signal: AbortSignal
}

/** @param settings  everything the model runs with. @throws PARAMETER_INVALID where layers do not fit · CANCELLED */
export async function estimate(
  model: ModelDefinition,
  settings: Readonly<Record<string, unknown>>,
  data: DataSize,
  machine: Machine,
): Promise<Estimate> {
  const params = model.params.parse(settings)
  const built = buildFor(model, params, data.columns, data.conditions)
  const layout = layoutOf(built)
  const stepsOfStage = layout.stages.map(({ epochs, batchSize }) => Math.ceil((epochs * data.rows) / Math.min(batchSize, data.rows)))
  const steps = built.kind === 'gradient' ? stepsOfStage.reduce((a, b) => a + b, 0) : 1
  const memoryBytes = memoryOf(
    layout,
    data,
    built.kind === 'gradient' ? optimiserOf(TrainingParams.parse(params)).slots.length : 0,
    machine,
  )
  const pace = await paceOf(model, params, layout, data, machine)
  const overhead = startSeconds + pcaSeconds(data) + 2 * (pace?.openSeconds ?? 0)
  const judged = layout.stages.map(({ epochs, batchSize }) => (epochs * data.holdoutRows) / batchSize / 3)
  const learning = pace?.secondsPerStep.reduce((sum, seconds, i) => sum + seconds * (stepsOfStage[i] + judged[i]), 0)
  const seconds = built.kind === 'closed-form' ? overhead : learning === undefined ? null : learning + overhead
  return {
    layout,
    steps,
    memoryBytes,
    seconds,
    basis: built.kind === 'closed-form' ? 'other runs' : (pace?.basis ?? null),
    wattHours: seconds === null ? null : energyOf(seconds, machine),
  }
}

/** Opening, compiling, writing. */
const startSeconds = 0.5
/** Multiply-adds of a second in PCA's sums of products and its decomposition, both in float64. */
const pcaRate = 2e9
const pcaSeconds = ({ columns, rows }: DataSize): number => (Math.min(rows, 2 ** 24 / columns) * columns ** 2 + 4 * columns ** 3) / pcaRate

/**
 * A worker with its runtime, as measured with hardly any data (80 to 120 MB), and copies of rows that wait to be collected. With both,
 * trainings of 12 to 2000 columns took 0.8 to 2.1 times what is said here.
 */
const [threadBytes, mostCopiedBytes] = [100e6, 200e6]

function memoryOf(layout: ModelLayout, { columns, rows, holdoutRows }: DataSize, slots: number, { memoryBudgetBytes }: Machine): number {
  const float = Float32Array.BYTES_PER_ELEMENT
  const whole = (rows + holdoutRows) * columns * float
  const kept = whole <= Math.min(mostResidentBytes, memoryBudgetBytes / 2) ? whole : 2 * shardBytes + 200e6
  const widest = Math.max(...layout.stages.map(({ widths, batchSize }) => widths.reduce((a, b) => a + b, 0) * Math.min(batchSize, rows)))
  // Weights, gradients, best weights and a copy on its way; and a value and a gradient for what every layer gives.
  return threadBytes + kept + Math.min(4 * kept, mostCopiedBytes) + layout.weights * float * (4 + 2 * slots) + widest * float * 4
}

interface Pace {
  readonly basis: NonNullable<Estimate['basis']>
  readonly secondsPerStep: readonly number[]
  /** Until the first steps of all stages are made; that of an earlier run is in its steps. */
  readonly openSeconds: number
}

async function paceOf(
  model: ModelDefinition,
  params: Record<string, unknown>,
  layout: ModelLayout,
  data: DataSize,
  machine: Machine,
): Promise<Pace | null> {
  const runs = machine.earlier.filter(({ seconds, device }) => (seconds ?? 0) > startSeconds && device === machine.device).map(toRun)
  const same = runs.findLast(({ meta }) => meta.model === model.id && sameWork(meta.layout, layout))
  if (same) return { basis: 'earlier run', secondsPerStep: layout.stages.map(() => same.secondsPerStep), openSeconds: 0 }
  if (machine.probe) return { basis: 'probe', ...(await probed(model, params, data, machine)) }
  const other = runs.findLast(({ meta }) => meta.epochs > 0 && meta.steps > 1)
  if (!other) return null
  return {
    basis: 'other runs',
    openSeconds: 0,
    secondsPerStep: layout.stages.map((stage) => (other.secondsPerStep * workOf(stage)) / workOf(other.meta.layout.stages[0])),
  }
}

function toRun({ meta: unknownMeta, seconds }: Artifact): { readonly meta: ModelMeta; readonly secondsPerStep: number } {
  const meta = unknownMeta as unknown as ModelMeta
  return { meta, secondsPerStep: ((seconds as number) - Math.min(startSeconds, (seconds as number) / 2)) / Math.max(1, meta.steps) }
}

const sameWork = (a: ModelLayout, b: ModelLayout): boolean =>
  a.stages.length === b.stages.length &&
  a.stages.every(({ widths, batchSize }, i) => batchSize === b.stages[i].batchSize && String(widths) === String(b.stages[i].widths))

/** Multiply-adds of a step, more or less, and what every step costs at least. */
const workOf = ({ widths, batchSize }: ModelLayout['stages'][number]): number =>
  batchSize * widths.reduce((sum, width, i) => sum + (i > 0 ? width * widths[i - 1] : 0), 0) + 1e6

function energyOf(seconds: number, { earlier, device }: Machine): number | null {
  const measured = earlier.findLast((run) => run.device === device && run.seconds && (run.meta as unknown as ModelMeta).energy?.wattHours)
  if (!measured) return null
  return (((measured.meta as unknown as ModelMeta).energy?.wattHours ?? 0) / (measured.seconds as number)) * seconds
}

/** Rows and time of the probe. */
const probeBytes = 16e6
const probeSeconds = 0.3

/** Paces known since the engine began: what was measured once is not measured again. */
const known = new Map<string, Omit<Pace, 'basis'>>()
const mostKnown = 500

async function probed(
  model: ModelDefinition,
  params: Record<string, unknown>,
  data: DataSize,
  { device, threads, signal }: Machine,
): Promise<Omit<Pace, 'basis'>> {
  const { columns: inputDim, conditions } = data
  const { epochs: _, ...relevant } = params
  const key = JSON.stringify([model.id, model.version, relevant, inputDim, conditions, data.rows < 65_536 ? data.rows : 0, device, threads])
  const remembered = known.get(key)
  if (remembered) return remembered
  const built = buildFor(model, params, inputDim, conditions)
  if (built.kind === 'closed-form') return { secondsPerStep: [0], openSeconds: 0 }
  const largest = Math.max(...built.stages.map(({ layout }) => layout.batchSize))
  const rows = Math.min(data.rows, Math.max(largest, Math.min(4 * largest, Math.floor(probeBytes / inputDim / 4))))
  const values = sharedFloats(rows * inputDim)
  for (let i = 0; i < values.length; i++) values[i] = ((i * 0.618034) % 1) * 0.98 + 0.01
  const worker = new NumericWorker()
  const options: ReadyOptions = {
    model,
    params,
    train: rowsInMemory(values, rows, inputDim),
    trainRows: rows,
    holdout: rowsInMemory(sharedFloats(0), 0, inputDim),
    holdoutRows: 0,
    inputDim,
    conditions,
    seed: 0,
    threads,
    device,
    signal,
    keepRequested: () => false,
    untilResumed: async () => undefined,
    report: () => undefined,
    addMetrics: () => undefined,
    checkpoint: { load: () => null, save: () => undefined },
  }
  try {
    const paces: number[] = []
    let openSeconds = 0
    let earlier: Weights = {}
    for (const [index, stage] of built.stages.entries()) {
      const sample = { n: Math.min(rows, 64), values: values.slice(0, Math.min(rows, 64) * inputDim) }
      const setting = { index, stage, earlier, sample, training: TrainingParams.parse(params), worker, onFallback: () => undefined }
      const began = performance.now()
      const steps = await StageSteps.from(options, setting, null)
      const pace = await paceOfStage(steps, signal)
      paces.push(pace.secondsPerStep)
      openSeconds += (pace.openedAt - began) / 1000
      earlier = { ...earlier, ...stage.initialWeights(initialiserOf(0)) }
    }
    if (known.size >= mostKnown) known.clear()
    const found = { secondsPerStep: paces, openSeconds }
    known.set(key, found)
    return found
  } finally {
    await worker.close()
  }
}

/** The least of some chunks: whatever else runs only makes it longer. */
async function paceOfStage(
  steps: StageSteps,
  signal: AbortSignal,
): Promise<{ readonly secondsPerStep: number; readonly openedAt: number }> {
  const plateau: Plateau = noPlateau
  let best = Number.POSITIVE_INFINITY
  try {
    await steps.open(0)
    const openedAt = performance.now()
    const endAt = openedAt + probeSeconds * 1000
    for (let step = 0, chunk = 1; performance.now() < endAt || step < 3; chunk = Math.min(64, 2 * chunk)) {
      throwIfCancelled(signal)
      const started = performance.now()
      const made = await steps.run({ epoch: 0, step, plateau }, step + chunk)
      // The first one also prepares what the others find.
      if (step > 0) best = Math.min(best, (performance.now() - started) / 1000 / made.steps)
      step += made.steps
    }
    return { secondsPerStep: best, openedAt }
  } finally {
    await steps.close()
  }
}
