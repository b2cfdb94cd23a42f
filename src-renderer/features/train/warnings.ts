/** What a training warns of, and what can be done about it with one press. Nothing starts yet: the settings are filled in. */
import type { Artifact } from '#common/domain/artifact.ts'
import { partsOf, sourcesOf, type TrainWarning } from '#common/domain/results.ts'
import { session } from '../../lib/app.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { copyRun } from '../model/copyRun.ts'
import { draft } from '../model/draft.ts'

export interface Remedy {
  readonly button: string
  readonly run: () => void
}

export const warningsOf = (artifact: Artifact | null): readonly TrainWarning[] =>
  artifact?.kind === 'model' && artifact.status === 'done' ? (metaOf(artifact, 'model').warnings ?? []) : []

export const isDiverged = (artifact: Artifact | null): boolean =>
  artifact?.kind === 'model' && artifact.status === 'done' && metaOf(artifact, 'model').stopped === 'diverged'

/** The smaller step size, and gradients limited where a model can. */
export function gentler(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { learningRate } = settings
  return {
    ...(typeof learningRate === 'number' ? { learningRate: Number((learningRate / 2).toPrecision(6)) } : {}),
    ...('gradientClip' in settings ? { gradientClip: 1 } : {}),
  }
}

/** The settings of the run, with some changed, on its way to a new run. */
function again(run: Artifact, changes: Readonly<Record<string, unknown>>): void {
  copyRun(run)
  const { model } = metaOf(run, 'model')
  draft.setSettings(model, { ...draft.settings(model), ...changes })
  session.choose(run.id)
  session.show('model')
}

/** Null where only the user can know what to do. */
export function remedyOf({ code, columns, where }: TrainWarning, run: Artifact): Remedy | null {
  const meta = metaOf(run, 'model')
  if (code === 'DEVICE_FALLBACK') return { button: 'Devices', run: () => session.show('settings') }
  if (code === 'DIVERGED') {
    const changes = gentler(meta.settings)
    return 'learningRate' in changes ? { button: 'Train again with half the step size', run: () => again(run, changes) } : null
  }
  if (code === 'DEAD_UNITS') {
    const left = Number(where.of) - Number(where.units)
    const fits = where.layer === 'code' && typeof meta.settings.codeSize === 'number' && left >= Math.max(1, Number(meta.settings.k ?? 1))
    return fits ? { button: `Try a code of ${left}`, run: () => again(run, { codeSize: left }) } : null
  }
  if (!columns) return null
  // What is left out is a column of the data; it goes when nothing of it is left to learn from.
  const leftOut = new Set(columns)
  const parts = partsOf(meta)
  const used = new Set(parts.flatMap(({ source }, i) => (leftOut.has(i) ? [] : [source])))
  const sources = sourcesOf(meta)
  const kept = sources.filter((_, i) => used.has(i)).map(({ name }) => name)
  const fewer = sources.length - kept.length
  if (fewer === 0 || kept.length === 0) return null
  return {
    button: fewer === 1 ? 'Leave it out' : `Leave ${fewer} out`,
    run: () => {
      again(run, {})
      draft.prepare = { ...draft.prepare, columns: kept }
    },
  }
}
