/**
 * The run that is about to be started: model, preset, settings, what it learns from. Kept while the window is open, per model,
 * so that looking at another model loses nothing.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls, ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { columnPattern } from '#common/domain/columnPattern.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { holdsRawCells, type Proposal } from '#common/domain/proposedModel.ts'
import type { ModelLayout } from '#common/domain/results.ts'
import type { ErrorReport } from '#common/errors.ts'
import { defaultsOf, thatMatter } from '../forms/fields.ts'

type Values = Readonly<Record<string, unknown>>
type Reader = Pick<Client<EngineCalls>, 'estimate'>
type Answer = Extract<Awaited<ReturnType<Reader['estimate']>>, { ok: true }>['value']

/** What is known of the rows that a run would learn from. */
export interface DataShape {
  /** All columns, `conditions` of them given. */
  readonly columns: number
  readonly conditions: number
  readonly rows: number
  readonly holdoutRows: number
}
/** What pressing Train costs, about. Time and energy are null while they are not known. */
export interface Price {
  readonly memoryBytes: number
  readonly seconds: number | null
  readonly wattHours: number | null
  /** Whether the time is still being looked for. */
  readonly pending: boolean
}
/** Everything of a draft that pressing something may change. */
export interface Snapshot {
  readonly modelId: string | null
  readonly settings: Readonly<Record<string, Values>>
  readonly presets: Readonly<Record<string, string>>
  readonly prepare: Values
  readonly seed: number
  readonly start: number | null
}

/** Quiet time after a change before steps are made to see how long they take. */
const quietMs = 700

export class ModelDraft {
  modelId = $state<string | null>(null)
  /** What suits the data at hand; null while there are none. */
  proposed = $state.raw<Proposal | null>(null)
  /** What the user set, by model. */
  #settings = $state.raw<Readonly<Record<string, Values>>>({})
  #presets = $state.raw<Readonly<Record<string, string>>>({})
  prepare = $state.raw<Values>({})
  seed = $state(7)
  /** The model whose weights the run starts from. */
  start = $state<number | null>(null)
  layout = $state.raw<ModelLayout | null>(null)
  price = $state.raw<Price | null>(null)
  /** What is chosen for the data where the preset says nothing, also of settings that the user has typed. */
  chosen = $state.raw<Values>({})
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

  /** The chosen preset, else the proposed one, else the model's first; none when it has none. */
  preset(model: ModelDescription): ModelDescription['presets'][number] | null {
    const proposed = this.proposed?.model === model.id ? this.proposed.preset : undefined
    const having = (id: string | undefined) => model.presets.find((preset) => preset.id === id)
    return having(this.#presets[model.id]) ?? having(proposed) ?? model.presets[0] ?? null
  }
  choosePreset(model: ModelDescription, id: string): void {
    this.#presets = { ...this.#presets, [model.id]: id }
  }

  /** Everything the model will run with, defaults filled in. */
  resolved(model: ModelDescription): Record<string, unknown> {
    return { ...defaultsOf(model.params), ...this.preset(model)?.params, ...this.chosen, ...this.settings(model.id) }
  }

  /** What model and preset need of the prepare step goes before its defaults. */
  prepareBaseline(model: ModelDescription | null, data: DatasetMeta | null): Values {
    const preset = model && this.preset(model)
    return (data && holdsRawCells(data) ? preset?.prepareCounts : preset?.prepare) ?? {}
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

  /** Asks what the run would be at once, and what it would take after a while; an older answer never replaces a newer one. */
  async refresh(model: ModelDescription, data: DataShape): Promise<void> {
    const asked = ++this.#asked
    const request = { model: model.id, preset: this.preset(model)?.id ?? null, settings: this.asked(model), ...data }
    const known = await this.#engine.estimate({ ...request, time: false })
    if (asked !== this.#asked) return
    this.error = known.ok ? null : known.error
    this.layout = known.ok ? known.value.layout : null
    this.chosen = known.ok ? chosenIn(known.value) : {}
    this.price = known.ok ? { ...priceIn(known.value), pending: true } : null
    if (!known.ok) return
    await new Promise((resolve) => setTimeout(resolve, quietMs))
    if (asked !== this.#asked) return
    const timed = await this.#engine.estimate({ ...request, time: true })
    if (asked === this.#asked) this.price = { ...priceIn(timed.ok ? timed.value : known.value), pending: false }
  }

  snapshot(): Snapshot {
    const { modelId, prepare, seed, start } = this
    return { modelId, settings: this.#settings, presets: this.#presets, prepare, seed, start }
  }
  restore({ modelId, settings, presets, prepare, seed, start }: Snapshot): void {
    Object.assign(this, { modelId, prepare, seed, start })
    this.#settings = settings
    this.#presets = presets
  }

  /** Settings found elsewhere as those of the next run. */
  take({ model, preset, settings }: { readonly model: string; readonly preset: string | null; readonly settings: Values }): void {
    this.modelId = model
    if (preset !== null) this.#presets = { ...this.#presets, [model]: preset }
    this.setSettings(model, settings)
  }

  /** Takes the settings of a finished run as the start of a new one. */
  copyFrom(run: Artifact): void {
    // A model that was loaded was asked for by its file only, one that was gone on with by the one before.
    const told = run.operation === 'train' ? run.params : run.meta
    const { model, preset, settings } = told as { model?: string; preset?: string | null; settings?: Values }
    if (!model) return
    this.modelId = model
    if (preset) this.#presets = { ...this.#presets, [model]: preset }
    this.setSettings(model, settings ?? {})
    this.start = null
    // One that was gone on with has the seed of its beginning.
    if (run.operation === 'train') this.seed = run.seed
  }
}

const chosenIn = ({ chosen, settings, automatic }: Answer): Values => ({
  ...automatic,
  ...Object.fromEntries(chosen.map((name) => [name, settings[name]])),
})
const priceIn = ({ memoryBytes, seconds, wattHours }: Omit<Price, 'pending'>): Omit<Price, 'pending'> => ({
  memoryBytes,
  seconds,
  wattHours,
})

/** Rows that will be learned from: what is asked for, or all there are. */
export const rowsToLearnFrom = (meta: DatasetMeta, asked: number, holdoutShare: number): number =>
  Math.min(asked, Math.floor(meta.validRows * (1 - holdoutShare)))
