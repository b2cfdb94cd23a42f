/** A saved model onto the data: asked for, the data prepared as it says, loaded, and shown among the runs. */
import type { Artifact } from '#common/domain/artifact.ts'
import { session, trainings } from '../../lib/app.ts'
import { native } from '../../lib/bridge.ts'

/** What runs, and may fail, on the way. */
export const loadingOperations = ['prepare-as', 'import-model'] as const

export async function loadModel(dataset: Artifact): Promise<void> {
  const chosen = session.settle(
    'The file could not be chosen',
    // A folder of SAELens is told by either of its two files.
    await native.chooseFiles({ title: 'Load a model', extensions: ['safetensors', 'json'], multiple: false, folder: false }),
  )
  const path = chosen?.[0]
  if (path === undefined) return
  const matrix = await session.runToEnd({ operation: 'prepare-as', inputs: { dataset: dataset.id }, params: { path } })
  if (!matrix) return
  const model = await session.runToEnd({ operation: 'import-model', inputs: { matrix: matrix.id }, params: { path } })
  if (!model) return
  session.choose(model.id)
  trainings.chosen = model.id
  session.show('train')
}
