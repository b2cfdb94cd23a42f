/**
 * The run that is about to be started: model, preset, settings, what it learns from. Kept while the window is open, per model,
 * so that looking at another model loses nothing.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls, ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { columnPattern } from '#common/domain/columnPattern.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ModelLayout } from '#common/domain/results.ts'
import type { ErrorReport } from '#common/errors.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { defaultsOf, thatMatter } from '../forms/fields.ts'

type Values = Readonly<Record<string, unknown>>
type Reader = Pick<Client<EngineCalls>, 'modelLayout'>

export class ModelDraft {
  modelId = $state<string | null>(null)
  /** What the user set, by model. */
  #settings = $state.raw<Readonly<Record<string, Values>>>({})
  #presets = $state.raw<Readonly<Record<string, string>>>({})
  prepare = $state.raw<Values>({})
  seed = $state(7)
  layout = $state.raw<ModelLayout | null>(null)
  /** Why the settings do not fit. */
  error = $state.raw<ErrorReport | null>(null)
  #asked = 0
  readonly #engine: Reader

  constructor(engine: Reader) {
    this.#engine = engine
  }

  settings(model: string): Values {
    return this.#settings[model] ?? {}
  }
  setSettings(model: string, values: Values): void {
    this.#settings = { ...this.#settings, [model]: values }
  }

  /** What the user set and what makes a difference: a run is made with these. */
  asked(model: ModelDescription): Values {
    return thatMatter(model.params, this.settings(model.id), this.preset(model)?.params)
  }

  /** The chosen preset, else the model's first; none when it has none. */
  preset(model: ModelDescription): ModelDescription['presets'][number] | null {
    return model.presets.find((preset) => preset.id === this.#presets[model.id]) ?? model.presets[0] ?? null
  }
  choosePreset(model: ModelDescription, id: string): void {
    this.#presets = { ...this.#presets, [model.id]: id }
  }

  /** Everything the model will run with, defaults filled in. */
  resolved(model: ModelDescription): Record<string, unknown> {
    return { ...defaultsOf(model.params), ...this.preset(model)?.params, ...this.settings(model.id) }
  }

  /** What model and preset need of the prepare step goes before its defaults. */
  prepareBaseline(model: ModelDescription | null): Values {
    return (model && this.preset(model)?.prepare) ?? {}
  }

  /** What the user set of the prepare step, as far as it suits this data: columns and fields of other data are no choice here. */
  prepareFor(data: DatasetMeta): Values {
    const known = new Set([...data.columns.map(({ name }) => name), ...data.metadataFields])
    const suits = ([parameter, value]: [string, unknown]): boolean => {
      if (parameter === 'columns' || parameter === 'leaveOut')
        return Array.isArray(value) && value.every((name: string) => known.has(name) || columnPattern(name) !== null)
      if (parameter === 'conditions') return Array.isArray(value) && value.every((name: string) => known.has(name))
      return !['splitField', 'within', 'stratify'].includes(parameter) || (typeof value === 'string' && known.has(value))
    }
    return Object.fromEntries(Object.entries(this.prepare).filter(suits))
  }

  /** Asks for layers and weights; an older answer never replaces a newer one. */
  async refresh(model: ModelDescription, columns: number): Promise<void> {
    const asked = ++this.#asked
    const params = { ...this.preset(model)?.params, ...this.asked(model) }
    const result = await this.#engine.modelLayout({ model: model.id, params, columns })
    if (asked !== this.#asked) return
    this.layout = result.ok ? result.value : null
    this.error = result.ok ? null : result.error
  }

  /** Takes the settings of a finished run as the start of a new one. */
  copyFrom(run: Artifact): void {
    // A model that was loaded was asked for by its file only.
    const told = run.operation === 'import-model' ? run.meta : run.params
    const { model, preset, settings } = told as { model?: string; preset?: string | null; settings?: Values }
    if (!model) return
    this.modelId = model
    if (preset) this.#presets = { ...this.#presets, [model]: preset }
    this.setSettings(model, settings ?? {})
    this.seed = run.seed
  }
}

export interface Price {
  /** Prepared rows and weights with the optimiser's two moments, as float32. */
  readonly memoryBytes: number
  /** From the measured speed of an earlier run of the same model on this computer; null when there is none. */
  readonly seconds: number | null
}

/** What pressing Train costs. */
export function priceOf(layout: ModelLayout, rows: number, holdoutShare: number, columns: number, earlier: readonly Artifact[]): Price {
  const preparedRows = rows / Math.max(0.1, 1 - holdoutShare)
  const memoryBytes = preparedRows * columns * 4 * 2 + layout.weights * 4 * 4
  const measured = earlier.findLast((run) => run.status === 'done' && run.seconds !== null && run.seconds > 0.5)
  if (!measured?.seconds) return { memoryBytes, seconds: null }
  const { rowsSeen } = metaOf(measured, 'model')
  const rowsToSee = layout.stages.reduce((sum, stage) => sum + stage.epochs * rows, 0)
  return { memoryBytes, seconds: (rowsToSee / rowsSeen) * measured.seconds }
}

/** Rows that will be learned from: what is asked for, or all there are. */
export const rowsToLearnFrom = (meta: DatasetMeta, asked: number, holdoutShare: number): number =>
  Math.min(asked, Math.floor(meta.validRows * (1 - holdoutShare)))
