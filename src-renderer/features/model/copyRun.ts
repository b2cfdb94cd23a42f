/** A finished run as the start of a new one: model, settings, seed, and how its data were prepared. */
import type { Artifact } from '#common/domain/artifact.ts'
import { session } from '../../lib/app.ts'
import { metaOf } from '../../lib/artifacts.ts'
import { defaultsOf, sameValue } from '../forms/fields.ts'
import { draft } from './draft.ts'

export function copyRun(run: Artifact): void {
  draft.copyFrom(run)
  const matrix = session.byId.get(run.inputs.matrix ?? 0)
  const schema = session.registry?.operations.find(({ id }) => id === 'prepare')?.params
  const model = session.registry?.models.find(({ id }) => id === draft.modelId) ?? null
  if (matrix?.operation !== 'prepare' || !schema) return
  const dataset = session.byId.get(matrix.inputs.dataset ?? 0)
  const usual: Readonly<Record<string, unknown>> = {
    ...defaultsOf(schema),
    ...draft.prepareBaseline(model, dataset ? metaOf(dataset, 'dataset') : null),
  }
  draft.prepare = Object.fromEntries(Object.entries(matrix.params).filter(([name, value]) => !sameValue(value, usual[name])))
}
