/** All sweeps of the project, finished, under way and stopped; of one under way the runs as they come. */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { EngineCalls, EngineEvents } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { rungsOf, settingsOf, type SweepMeta, type SweepMethod, type SweepRange, type SweepRun } from '#common/domain/sweep.ts'
import { isActive, type Session } from '../../lib/state/session.svelte.ts'
import { defaultsOf, fieldsOf } from '../forms/fields.ts'

export interface Sweep {
  /** Artifact id where there is one, else minus the job's id. */
  readonly id: number
  readonly artifact: Artifact | null
  readonly job: Job | null
}
/** What is shown of a sweep, whether it is finished or not. */
export type SweepShown = Pick<
  SweepMeta,
  'parameters' | 'variants' | 'runs' | 'planned' | 'seeds' | 'settings' | 'preset' | 'model' | 'title' | 'method' | 'rungs'
> & {
  readonly meta: SweepMeta | null
}

interface Point {
  readonly step: number
  readonly name: string
  readonly value: number
}

export class Sweeps {
  /** The one looked at; null while a run is. */
  chosen = $state<number | null>(null)
  #points = $state.raw<ReadonlyMap<number, ReadonlyMap<number, Readonly<Record<string, number>>>>>(new Map())
  #seen = $state.raw<ReadonlyMap<number, Artifact>>(new Map())
  readonly #session: Session
  readonly #engine: Pick<Client<EngineCalls>, 'metrics'>
  readonly #asked = new Set<number>()

  constructor(of: Session, engineClient: Pick<Client<EngineCalls>, 'metrics'>, subscribe: Subscribe<EngineEvents>) {
    this.#session = of
    this.#engine = engineClient
    subscribe('artifactChanged', ({ artifact }) => {
      if (artifact?.kind === 'sweep') this.#seen = new Map([...this.#seen, [artifact.id, artifact]])
    })
    subscribe('metricsAdded', ({ artifact, points }) => this.#add(artifact, points))
  }

  /** Under way first, then newest first. */
  get all(): Sweep[] {
    const { artifacts, jobs } = this.#session
    const own = jobs.filter(({ operation }) => operation === 'sweep')
    const made = artifacts.filter(({ kind }) => kind === 'sweep')
    const known = new Set(made.map(({ id }) => id))
    const kept = made.map(
      (artifact): Sweep => ({ id: artifact.id, artifact, job: own.findLast((job) => job.artifact === artifact.id) ?? null }),
    )
    const lost = own
      .filter((job) => (isActive(job) || job.status === 'failed') && (job.artifact === null || !known.has(job.artifact)))
      .map(
        (job): Sweep => ({
          id: job.artifact ?? -job.id,
          artifact: job.artifact === null ? null : (this.#seen.get(job.artifact) ?? null),
          job,
        }),
      )
    const rank = ({ job }: Sweep): number => (job && isActive(job) ? 0 : 1)
    const order = ({ id }: Sweep): number => (id > 0 ? id : Number.MAX_SAFE_INTEGER + id)
    return [...kept, ...lost].sort((a, b) => rank(a) - rank(b) || order(b) - order(a))
  }

  get current(): Sweep | null {
    const { chosen } = this
    if (chosen === null) return null
    return this.all.find(({ id, job }) => id === chosen || (chosen < 0 && job?.id === -chosen)) ?? null
  }

  /** Models that are runs of a sweep: they are listed there. */
  get models(): ReadonlySet<number> {
    return new Set(this.all.flatMap((sweep) => (this.shown(sweep)?.runs ?? []).flatMap(({ model }) => model ?? [])))
  }

  shown({ id, artifact, job }: Sweep): SweepShown | null {
    if (artifact?.status === 'done') {
      const meta = artifact.meta as unknown as SweepMeta
      return { ...meta, meta }
    }
    const request = job ? this.#session.requests.get(job.id) : undefined
    const params = (artifact?.params ?? request?.params) as Asked | undefined
    if (!params) return null
    return { ...this.#plan(params, artifact?.seed ?? request?.seed ?? 7), runs: this.#runs(id), meta: null }
  }

  #plan(params: Asked, seed: number): Omit<SweepShown, 'runs' | 'meta'> {
    const { method = 'grid', ranges = {}, draws = 16, rungFactor = 3, leastPasses = 2, settings = {}, preset = null } = params
    const model = this.#session.registry?.models.find(({ id }) => id === params.model)
    const fields = model ? fieldsOf(model.params) : []
    const isInteger = (name: string): boolean => fields.some((field) => field.name === name && field.kind === 'number' && field.integer)
    const variants = settingsOf({ method, ranges, draws, seed, isInteger })
    const seeds = params.seeds && params.seeds.length > 0 ? params.seeds : [seed]
    const all: Record<string, unknown> = {
      ...(model ? defaultsOf(model.params) : {}),
      ...model?.presets.find(({ id }) => id === preset)?.params,
      ...settings,
    }
    const passes = Math.max(1, ...fields.flatMap(({ name, term }) => (/epochs$/.test(term ?? '') ? Number(all[name]) || 1 : [])))
    const rungs =
      method === 'halving' ? rungsOf(variants.length, passes, leastPasses, rungFactor) : [{ share: 1, settings: variants.length }]
    return {
      model: params.model,
      title: model?.title ?? params.model,
      preset,
      settings,
      method,
      variants,
      seeds,
      rungs: rungs.map((rung) => ({ ...rung, how: 'trained' })),
      planned: rungs.reduce((sum, rung) => sum + rung.settings, 0) * seeds.length,
      parameters: Object.entries(ranges).map(([name, range]) => {
        const field = fields.find((candidate) => candidate.name === name)
        const scale = Array.isArray(range) ? (range.every((value) => typeof value === 'number') ? 'linear' : 'list') : range.spacing
        return { name, title: field?.title ?? name, unit: field?.unit ?? '', paperTerm: field?.term ?? null, scale }
      }),
    }
  }

  #runs(id: number): SweepRun[] {
    const { artifacts } = this.#session
    if (id > 0 && !this.#asked.has(id)) {
      this.#asked.add(id)
      void this.#engine.metrics({ artifact: id }).then((result) => {
        if (result.ok) this.#add(id, result.value)
      })
    }
    const steps = [...(this.#points.get(id) ?? [])].sort(([a], [b]) => a - b)
    return steps.map(([, values]): SweepRun => {
      const { setting = 0, seed = 0, rung = 0, model = 0, error = null, explainedVariance = null, seconds = null, epochs = null } = values
      const artifact = model > 0 ? artifacts.find((other) => other.id === model) : undefined
      const stopped = (artifact?.meta.stopped ?? null) as SweepRun['stopped']
      const failure = model > 0 ? null : { code: '', message: 'It failed; the log says why, and the finished list will.', hint: '' }
      return {
        setting,
        seed,
        rung,
        model: model > 0 ? model : null,
        error,
        explainedVariance,
        codeSize: null,
        activeCodes: null,
        weights: null,
        epochs,
        seconds,
        stopped,
        failure,
      }
    })
  }

  #add(artifact: number, points: readonly Point[]): void {
    const own = points.filter(({ name }) => name.startsWith('run/'))
    if (own.length === 0) return
    const known = new Map(this.#points.get(artifact))
    for (const { step, name, value } of own) known.set(step, { ...known.get(step), [name.slice('run/'.length)]: value })
    this.#points = new Map([...this.#points, [artifact, known]])
  }
}

interface Asked {
  readonly model: string
  readonly preset?: string | null
  readonly settings?: Record<string, unknown>
  readonly method?: SweepMethod
  readonly ranges?: Record<string, SweepRange>
  readonly seeds?: number[]
  readonly draws?: number
  readonly rungFactor?: number
  readonly leastPasses?: number
}
