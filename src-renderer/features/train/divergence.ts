/** A run whose error became infinite: what to do now, the likeliest first. */
import type { Run } from '../../lib/state/trainingRuns.svelte.ts'
import { session } from '../../lib/app.ts'
import type { Fix } from '../../ui/ErrorPanel.svelte'
import { copyRun } from '../model/copyRun.ts'
import { train } from '../model/startTraining.ts'
import { defaultsOf } from '../forms/fields.ts'
import { gentler as gentlerSettings } from './warnings.ts'

interface TrainParams {
  readonly model: string
  readonly preset: string | null
  readonly settings: Readonly<Record<string, unknown>>
}

export function fixesForRun(run: Run): Fix[] {
  const { artifact, job } = run
  if (!artifact) return []
  const params = artifact.params as unknown as TrainParams
  const matrix = artifact.inputs.matrix
  const model = session.registry?.models.find((candidate) => candidate.id === params.model)
  const preset = model?.presets.find((candidate) => candidate.id === params.preset)
  const all = { ...(model ? defaultsOf(model.params) : {}), ...preset?.params, ...params.settings }
  const look: Fix = {
    title: 'Look at the settings',
    reason: 'They are copied to a new run; nothing starts yet.',
    button: 'Settings',
    run: () => {
      copyRun(artifact)
      session.show('model')
    },
  }
  const again: Fix = {
    title: 'Start the same run again',
    reason: 'A run that was interrupted goes on from its last saved state.',
    button: 'Start again',
    run: () => void train(matrix as number, params, artifact.seed, artifact.device),
  }
  if (job?.error?.code !== 'TRAIN_DIVERGED' || matrix === undefined || typeof all.learningRate !== 'number')
    return matrix === undefined ? [look] : [again, look]
  const gentler = {
    ...params,
    settings: { ...params.settings, ...gentlerSettings(all) },
  }
  const data: Fix = {
    title: 'Look at the data for values far off',
    reason: 'A wrong scale factor, sun glint or an unset no-data value can do this.',
    button: 'Show data',
    run: () => session.show('data'),
  }
  return [
    {
      title: `Train again with half the step size${'gradientClip' in all ? ' and gradients limited to 1' : ''}`,
      reason: `Most likely to help. The step size was ${all.learningRate}.`,
      button: 'Train again',
      run: () => void train(matrix, gentler, artifact.seed, artifact.device),
    },
    data,
    look,
  ]
}
