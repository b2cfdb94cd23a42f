/** A saved model onto the data: asked for, the data prepared as it says, loaded, and shown among the runs. */
import type { Artifact } from '#common/domain/artifact.ts'
import { session, trainings } from '../../lib/app.ts'
import { native } from '../../lib/bridge.ts'
import type { RunRequest } from '../../lib/state/session.svelte.ts'

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
  const matrix = await made({ operation: 'prepare-as', inputs: { dataset: dataset.id }, params: { path } })
  if (!matrix) return
  const model = await made({ operation: 'import-model', inputs: { matrix: matrix.id }, params: { path } })
  if (!model) return
  session.choose(model.id)
  trainings.chosen = model.id
  session.show('train')
}

/** A file that is no model fails as soon as it is looked at; the view shows that of the job, so it is not said twice. */
async function made(request: RunRequest): Promise<Artifact | null> {
  const begun = await session.run(request)
  if (begun.ok) return session.resultOf(await session.ended(begun.value))
  const isShown = session.jobs.some(({ operation, status, error }) => {
    return operation === request.operation && status === 'failed' && error?.message === begun.error.message
  })
  if (!isShown) session.settle('The model could not be loaded', begun)
  return null
}
