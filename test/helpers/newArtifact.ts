/** A new artifact with everything filled in that a test does not care about. */
import type { NewArtifact } from '#engine/project/artifacts.ts'

export const newArtifact = (part: Partial<NewArtifact>): NewArtifact => ({
  kind: 'latents',
  name: 'thing',
  operation: 'make',
  operationVersion: 1,
  params: {},
  seed: 7,
  device: 'cpu',
  contentKey: 'key',
  resumable: false,
  ...part,
})
