/** Prepare, then train: two operations behind one button. A prepared matrix that is there already is used again at once. */
import type { ModelDescription } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import { session } from '../../lib/app.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { thatMatter } from '../forms/fields.ts'
import { draft } from './draft.ts'

/** The rows that a run of the draft would learn from; null when preparing them failed or was cancelled. */
export function preparedFor(dataset: Artifact, model: ModelDescription): Promise<Artifact | null> {
  const data = metaOf(dataset, 'dataset')
  const schema = session.registry?.operations.find(({ id }) => id === 'prepare')?.params ?? {}
  const [usual, chosen] = [draft.prepareBaseline(model, data), draft.prepareFor(data)]
  return session.runToEnd({
    operation: 'prepare',
    inputs: { dataset: dataset.id },
    // A model for cells may want most variable genes; a table has none.
    params: thatMatter(schema, { ...usual, ...chosen }, {}, data.kind),
    seed: draft.seed,
  })
}

export async function startTraining(dataset: Artifact, model: ModelDescription): Promise<void> {
  session.show('train')
  const prepared = await preparedFor(dataset, model)
  if (!prepared) return
  const start = draft.start !== null && session.byId.has(draft.start) ? draft.start : null
  const params = { model: model.id, preset: draft.preset(model)?.id ?? null, settings: draft.asked(model) }
  await train(prepared.id, params, draft.seed, undefined, start)
}

/** Trains on a matrix that exists, e.g. again with other settings. */
export async function train(
  matrix: number,
  params: { model: string; preset: string | null; settings: Readonly<Record<string, unknown>> },
  seed: number,
  /** What the project remembers when left out. */
  device?: string,
  /** The model whose weights it starts from. */
  start: number | null = null,
): Promise<void> {
  const inputs = { matrix, ...(start !== null && { start }) }
  const begun = await session.run({ operation: 'train', inputs, params, seed, ...(device === undefined ? {} : { device }) })
  const job = session.settle('Training could not begin', begun)
  if (!job) return
  const ended = await session.ended(job)
  if (ended.artifact !== null) session.choose(ended.artifact)
}
