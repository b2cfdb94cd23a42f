/** A finished artifact with arrays, written straight into a project. */
import type { ArtifactKind, DtypeName } from '#common/domain/artifact.ts'
import type { ProjectFile } from '#engine/project/open.ts'
import type { NumberArray } from '#engine/project/project.ts'
import { newArtifact } from './newArtifact.ts'

export interface StoredValues {
  readonly dtype: DtypeName
  readonly shape: readonly number[]
  readonly values: NumberArray
  readonly chunkRows?: number
}

/** @returns its id */
export function storedArtifact(
  project: ProjectFile,
  kind: ArtifactKind,
  meta: Readonly<Record<string, unknown>>,
  arrays: Readonly<Record<string, StoredValues>> = {},
): number {
  const draft = project.beginDraft(newArtifact({ kind, contentKey: `${kind} ${project.artifacts().length}` }), {})
  for (const [name, { values, ...spec }] of Object.entries(arrays)) {
    const writer = draft.writeArray(name, spec)
    writer.append(values)
    writer.finish()
  }
  return draft.finish(meta, 0).id
}
