/** Prepare, then train with every setting: the runs come into the train view one after the other. */
import type { ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { SweepRange } from '#common/domain/sweep.ts'
import { session } from '../../lib/app.ts'
import { draft } from '../model/draft.ts'
import { preparedFor } from '../model/startTraining.ts'
import { sweepDraft, sweeps } from './state.ts'

export async function startSweep(dataset: Artifact, model: ModelDescription, ranges: Readonly<Record<string, SweepRange>>): Promise<void> {
  session.show('train')
  const { method, draws, rungFactor, leastPasses, seeds } = sweepDraft
  const [preset, { seed }] = [draft.preset(model)?.id ?? null, draft]
  const settings = Object.fromEntries(Object.entries(draft.asked(model)).filter(([name]) => !(name in ranges)))
  const matrix = await preparedFor(dataset, model)
  if (!matrix) return
  const params = {
    model: model.id,
    preset,
    settings,
    ranges,
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    method,
    ...(method !== 'grid' && { draws }),
    ...(method === 'halving' && { rungFactor, leastPasses }),
  }
  const job = session.settle(
    'The runs could not begin',
    await session.run({ operation: 'sweep', inputs: { matrix: matrix.id }, params, seed }),
  )
  if (!job) return
  sweepDraft.open = false
  sweeps.chosen = job.artifact ?? -job.id
}

/** Asks for the same again: what is finished comes from the cache. */
export async function goOnWithSweep({ inputs, params, seed, device }: Artifact): Promise<void> {
  const job = session.settle('The runs could not go on', await session.run({ operation: 'sweep', inputs, params, seed, device }))
  if (job) sweeps.chosen = job.artifact ?? -job.id
}
