/** What follows a run: codes for every row, clusters, anomaly scores. Each waits for the one before; what is there already returns at once. */
import type { Artifact } from '#common/domain/artifact.ts'
import { session } from '../../lib/app.ts'

export interface Wishes {
  readonly cluster: boolean
  readonly score: boolean
}

export async function afterTraining(model: Artifact, wishes: Wishes): Promise<void> {
  const latents = await session.runToEnd({ operation: 'encode', inputs: { model: model.id } })
  if (!latents) return
  session.choose(latents.id)
  const clustering = wishes.cluster ? session.runToEnd({ operation: 'cluster', inputs: { latents: latents.id } }) : null
  const scores = wishes.score ? session.runToEnd({ operation: 'score', inputs: { latents: latents.id } }) : null
  const [classes] = await Promise.all([clustering, scores])
  session.choose((classes ?? latents).id)
}
