/** The sweep that is about to be started: what is varied, how often, and what it costs. Kept per model while the window is open. */
import { gridSize, rungsOf, settingsOf, type SweepMethod, type SweepRange } from '#common/domain/sweep.ts'
import type { FormField } from '../forms/fields.ts'
import { readTried, type Tried } from './values.ts'

interface Planned {
  /** Null where something cannot be read yet. */
  readonly ranges: Readonly<Record<string, SweepRange>> | null
  readonly errors: Readonly<Record<string, string>>
  readonly settings: number
  readonly runs: number
  /** In runs with all passes. */
  readonly cost: number
  readonly rounds: readonly { readonly share: number; readonly settings: number }[]
}

/** More would take a list that nobody reads. */
const mostRuns = 5000

export class SweepDraft {
  /** Whether the panel is open. */
  open = $state(false)
  method = $state<SweepMethod>('grid')
  seeds = $state(1)
  draws = $state(16)
  rungFactor = $state(3)
  leastPasses = $state(2)
  removed = $state.raw<{ readonly model: string; readonly at: number; readonly tried: Tried } | null>(null)
  #tried = $state.raw<Readonly<Record<string, readonly Tried[]>>>({})

  tried(model: string): readonly Tried[] {
    return this.#tried[model] ?? []
  }
  add(model: string, tried: Tried): void {
    this.#set(model, [...this.tried(model), tried])
  }
  change(model: string, at: number, changes: Partial<Tried>): void {
    this.#set(
      model,
      this.tried(model).map((it, i) => (i === at ? { ...it, ...changes } : it)),
    )
  }
  remove(model: string, at: number): void {
    const tried = this.tried(model)[at]
    if (!tried) return
    this.#set(
      model,
      this.tried(model).filter((_, i) => i !== at),
    )
    this.removed = { model, at, tried }
  }
  undoRemove(): void {
    if (!this.removed) return
    const { model, at, tried } = this.removed
    this.#set(model, [...this.tried(model).slice(0, at), tried, ...this.tried(model).slice(at)])
    this.removed = null
  }
  #set(model: string, tried: readonly Tried[]): void {
    this.removed = null
    this.#tried = { ...this.#tried, [model]: tried }
  }

  /** @param passes  that a whole run makes at most */
  planned(model: string, fields: readonly FormField[], seed: number, passes: number): Planned {
    const read = this.tried(model).map((tried) => {
      const field = fields.find(({ name }) => name === tried.name)
      return [tried.name, field ? readTried(field, tried) : { range: null, error: 'This model has no such setting.' }] as const
    })
    const errors = Object.fromEntries(read.flatMap(([name, { error }]) => (error === null ? [] : [[name, error]])))
    const ranges = Object.fromEntries(read.flatMap(([name, { range }]) => (range === null ? [] : [[name, range]])))
    const isInteger = (name: string): boolean => fields.some((field) => field.name === name && field.kind === 'number' && field.integer)
    const { method, draws } = this
    const size = gridSize(ranges, isInteger)
    const settings =
      method === 'grid'
        ? size
        : size <= mostRuns || method === 'random'
          ? settingsOf({ method, ranges, draws, seed, isInteger }).length
          : draws
    const rounds = method === 'halving' ? rungsOf(settings, passes, this.leastPasses, this.rungFactor) : [{ share: 1, settings }]
    const runs = rounds.reduce((sum, round) => sum + round.settings, 0) * this.seeds
    const cost = rounds.reduce((sum, round) => sum + round.settings * round.share, 0) * this.seeds
    if (runs > mostRuns) errors.runs = `That is ${runs} runs; at most ${mostRuns} are possible.`
    if (runs < 2 && Object.keys(errors).length === 0) errors.runs = 'Choose a setting to vary, or more than one seed.'
    return { ranges: Object.keys(errors).length > 0 ? null : ranges, errors, settings, runs, cost, rounds }
  }
}
