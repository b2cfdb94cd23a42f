/** The comparison that is about to be started: on which rows, which models, how often, how many classes, judged by which labels. */
import type { ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { DatasetKind } from '#common/domain/dataset.ts'
import type { RunRequest } from '../../lib/state/session.svelte.ts'
import { metaOf } from '../../lib/artifacts.ts'

type Values = Readonly<Record<string, unknown>>
export type KMode = 'elbow' | 'given' | 'labels'

export interface Candidate {
  readonly model: string
  readonly preset: string | null
  readonly settings: Values
  readonly name?: string
}

/** What the form draws itself; the rest of the operation's parameters is a form made from its schema. */
export const drawnByHand = ['models', 'seeds', 'k', 'kFrom', 'labels', 'field'] as const

export class CompareDraft {
  /** Null: prepared with the usual settings first. */
  matrix = $state<number | null>(null)
  counts = $state<number | null>(null)
  /** Preset by model; '' for the model's defaults. */
  models = $state.raw<Readonly<Record<string, string>>>({})
  /** Finished models whose settings are taken. */
  runs = $state.raw<ReadonlySet<number>>(new Set())
  seeds = $state(3)
  kMode = $state<KMode>('elbow')
  k = $state(6)
  labels = $state<string | null>(null)
  field = $state<string | null>(null)
  /** Other parameters that differ from their defaults. */
  values = $state.raw<Values>({})

  toggleModel(model: ModelDescription, on: boolean): void {
    const { [model.id]: _, ...others } = this.models
    this.models = on ? { ...others, [model.id]: model.presets[0]?.id ?? '' } : others
  }
  choosePreset(model: string, preset: string): void {
    this.models = { ...this.models, [model]: preset }
  }
  toggleRun(id: number, on: boolean): void {
    const next = new Set(this.runs)
    if (on) next.add(id)
    else next.delete(id)
    this.runs = next
  }

  /** In the order of the gallery, then the finished ones; none twice. */
  candidates(gallery: readonly ModelDescription[], artifacts: readonly Artifact[]): Candidate[] {
    const chosen = gallery
      .filter(({ id }) => id in this.models)
      .map(({ id }): Candidate => ({ model: id, preset: this.models[id] || null, settings: {} }))
    const finished = artifacts.filter(({ id }) => this.runs.has(id)).map(({ name, params }) => ({ ...asCandidate(params), name }))
    const keys = new Set<string>()
    return [...chosen, ...finished].filter((candidate) => {
      const key = keyOf(candidate)
      return !keys.has(key) && keys.add(key)
    })
  }

  request(matrix: number, candidates: readonly Candidate[]): RunRequest {
    return {
      operation: 'compare',
      inputs: { matrix, ...(this.counts !== null && this.counts !== matrix && { counts: this.counts }) },
      params: {
        ...this.values,
        models: candidates,
        seeds: Array.from({ length: this.seeds }, (_, i) => i + 1),
        k: this.kMode === 'given' ? this.k : null,
        ...(this.kMode === 'labels' && { kFrom: 'labels' }),
        ...(this.labels !== null && { labels: this.labels }),
        ...(this.labels !== null && this.field !== null && { field: this.field }),
      },
    }
  }

  /** Takes over what an earlier comparison was made with. */
  copyFrom(comparison: Artifact): void {
    const {
      models = [],
      seeds = [],
      k = null,
      kFrom,
      labels = null,
      field = null,
      ...others
    } = comparison.params as {
      models?: (string | Candidate)[]
      seeds?: number[]
      k?: number | null
      kFrom?: string
      labels?: string | null
      field?: string | null
    }
    this.matrix = comparison.inputs.matrix ?? null
    this.counts = comparison.inputs.counts ?? null
    this.models = Object.fromEntries(
      models
        .map((it) => (typeof it === 'string' ? it.split('/') : [it.model, it.preset]))
        .map(([model, preset]) => [model as string, preset ?? '']),
    )
    this.seeds = seeds.length || 3
    this.kMode = k !== null ? 'given' : kFrom === 'labels' ? 'labels' : 'elbow'
    this.k = k ?? 6
    this.labels = labels
    this.field = field
    this.values = others
  }
}

const asCandidate = (params: Values): Candidate => {
  const { model, preset = null, settings = {} } = params as { model: string; preset?: string | null; settings?: Values }
  return { model, preset, settings }
}
const keyOf = ({ model, preset, settings }: Candidate): string => JSON.stringify([model, preset, settings])

export interface Work {
  readonly trainings: number
  /** Of them in the project already. */
  readonly finished: number
  /** For the others, from earlier trainings of the same models on these rows; null where one was never trained. */
  readonly seconds: number | null
}

/** What pressing Compare costs. */
export function workOf(candidates: readonly Candidate[], seeds: number, matrix: number | null, artifacts: readonly Artifact[]): Work {
  const trained = artifacts.filter((it) => it.kind === 'model' && it.status === 'done' && it.inputs.matrix === matrix)
  let [finished, seconds]: [number, number | null] = [0, 0]
  for (const candidate of candidates) {
    // A closed form has no seeds: it is fitted once.
    const wanted = candidate.model === 'pca' ? 1 : seeds
    const same = trained.filter(({ params, seed }) => keyOf(asCandidate(params)) === keyOf(candidate) && seed >= 1 && seed <= wanted).length
    finished += Math.min(wanted, same)
    const earlier = trained.findLast((it) => metaOf(it, 'model').model === candidate.model && it.seconds !== null)?.seconds
    const missing = wanted - Math.min(wanted, same)
    if (missing > 0) seconds = seconds === null || earlier === null || earlier === undefined ? null : seconds + missing * earlier
  }
  const trainings = candidates.reduce((sum, { model }) => sum + (model === 'pca' ? 1 : seeds), 0)
  return { trainings, finished, seconds }
}

/** Models that are made for this kind of data. */
export const fitting = (gallery: readonly ModelDescription[], kind: DatasetKind | null): ModelDescription[] =>
  gallery.filter(({ fits }) => kind === null || fits.includes(kind))
