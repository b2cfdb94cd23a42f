/** Prepare, then train: two operations behind one button. A prepared matrix that is there already is used again at once. */
import type { ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { session } from '../../lib/app.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { thatMatter } from '../forms/fields.ts'
import { draft } from './draft.ts'

export async function startTraining(dataset: Artifact, model: ModelDescription): Promise<void> {
  session.show('train')
  const data = metaOf(dataset, 'dataset')
  const schema = session.registry?.operations.find(({ id }) => id === 'prepare')?.params ?? {}
  const [usual, chosen] = [draft.prepareBaseline(model), draft.prepareFor(data)]
  const prepared = await session.runToEnd({
    operation: 'prepare',
    inputs: { dataset: dataset.id },
    params: { ...usual, ...thatMatter(schema, chosen, usual, data.kind) },
    seed: draft.seed,
  })
  if (!prepared) return
  await train(prepared.id, { model: model.id, preset: draft.preset(model)?.id ?? null, settings: draft.asked(model) }, draft.seed)
}

/** Trains on a matrix that exists, e.g. again with other settings. */
export async function train(
  matrix: number,
  params: { model: string; preset: string | null; settings: Readonly<Record<string, unknown>> },
  seed: number,
  /** What the project remembers when left out. */
  device?: string,
): Promise<void> {
  const begun = await session.run({ operation: 'train', inputs: { matrix }, params, seed, ...(device === undefined ? {} : { device }) })
  const job = session.settle('Training could not begin', begun)
  if (!job) return
  const ended = await session.ended(job)
  if (ended.artifact !== null) session.choose(ended.artifact)
}
