/**
 * The curves of one run, stage by stage, growing while it runs.
 *
 * The engine names points `stage1/loss`, `stage1/epoch`, `stage1/<term>` and, once per pass, `stage1/holdout`.
 * A resumed run writes the steps after its last checkpoint again: a step that comes back replaces what was known from there on.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'

export interface Point {
  readonly step: number
  readonly name: string
  readonly value: number
}
export interface Curve {
  readonly x: readonly number[]
  readonly y: readonly number[]
}
export interface StageCurves {
  readonly index: number
  /** x in passes over the data. */
  readonly loss: Curve
  readonly holdout: Curve
  /** Terms of the loss by name, where there are several. */
  readonly terms: Readonly<Record<string, Curve>>
  readonly best: { readonly x: number; readonly y: number } | null
  /** Where the run stands, in passes. */
  readonly at: number
}

/** Steps and values of one named series, ascending in step. */
interface Series {
  readonly steps: number[]
  readonly values: number[]
}
const emptySeries = (): Series => ({ steps: [], values: [] })

export class TrainingRun {
  readonly artifact: number
  stages = $state.raw<readonly StageCurves[]>([])
  readonly #series: Map<string, Series>[] = []
  #read = false

  constructor(artifact: number) {
    this.artifact = artifact
  }

  /** The newest held-out error of the stage under way. No derived value: that would end with the view that asked for this run first. */
  get holdout(): number | null {
    return this.stages.at(-1)?.holdout.y.at(-1) ?? null
  }

  /** Everything recorded so far; later points arrive as events. */
  async read(engine: Pick<Client<EngineCalls>, 'metrics'>): Promise<void> {
    if (this.#read) return
    this.#read = true
    const result = await engine.metrics({ artifact: this.artifact })
    if (result.ok && result.value.length > 0) this.add(result.value)
    else this.#read = result.ok
  }

  add(points: readonly Point[]): void {
    for (const { step, name, value } of points) {
      const [, stage, series] = /^stage(\d+)\/(.+)$/.exec(name) ?? []
      if (!stage || !series) continue
      const index = Number(stage) - 1
      this.#series[index] ??= new Map()
      const named = this.#series[index]
      const known = named.get(series) ?? emptySeries()
      named.set(series, known)
      insert(known, step, value)
    }
    this.stages = this.#series.map((named, index) => curvesOf(index, named))
  }
}

/** Appends; a step that is not beyond the last one takes the place of everything from it on. */
function insert({ steps, values }: Series, step: number, value: number): void {
  while (steps.length > 0 && (steps.at(-1) as number) >= step) {
    steps.pop()
    values.pop()
  }
  steps.push(step)
  values.push(value)
}

function curvesOf(index: number, named: ReadonlyMap<string, Series>): StageCurves {
  const epoch = named.get('epoch') ?? emptySeries()
  const curve = (series: Series | undefined): Curve => ({
    x: (series ?? emptySeries()).steps.map((step) => epochAt(epoch, step)),
    y: [...(series?.values ?? [])],
  })
  const loss = curve(named.get('loss'))
  const holdout = curve(named.get('holdout'))
  const terms = [...named].filter(([name]) => !['epoch', 'loss', 'holdout'].includes(name))
  return {
    index,
    loss,
    holdout,
    terms: terms.length > 1 ? Object.fromEntries(terms.map(([name, series]) => [name, curve(series)])) : {},
    best: lowest(holdout),
    at: epoch.values.at(-1) ?? 0,
  }
}

/** Passes at a step. The relation is a straight line within a stage, so two recorded points give it everywhere. */
function epochAt({ steps, values }: Series, step: number): number {
  const last = steps.length - 1
  if (last < 0) return step
  if (last === 0) return ((values[0] as number) * step) / (steps[0] as number)
  const slope = ((values[last] as number) - (values[0] as number)) / ((steps[last] as number) - (steps[0] as number))
  return (values[0] as number) + (step - (steps[0] as number)) * slope
}

function lowest({ x, y }: Curve): { x: number; y: number } | null {
  let best = -1
  y.forEach((value, i) => {
    if (Number.isFinite(value) && (best < 0 || value < (y[best] as number))) best = i
  })
  return best < 0 ? null : { x: x[best] as number, y: y[best] as number }
}
