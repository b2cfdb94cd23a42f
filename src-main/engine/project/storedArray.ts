/** One array of a project that somebody else may have open for writing, for a thread that reads and nothing more. */
import { StratumError } from '#common/errors.ts'
import { readArray } from './arrayStore.ts'
import { arrayTable } from './arrays.ts'
import { chunkTable } from './chunks.ts'
import type { ArrayReader } from './project.ts'
import { connectForReading, onFile } from './sqlite.ts'

/**
 * Needs no lock: it sees what is committed. Each read is a transaction of its own, so a writer's log is never held up.
 * @throws ARTIFACT_NOT_FOUND, and what opening and reading a project throw
 */
export function openStoredArray(path: string, artifact: number, name: string): { readonly array: ArrayReader; close(): void } {
  return onFile(path, () => {
    const db = connectForReading(path)
    const row = arrayTable(db).get(artifact, name)
    if (!row) {
      db.close()
      throw new StratumError('ARTIFACT_NOT_FOUND', `Artifact ${artifact} has no array '${name}'.`, 'Compute it again.', {
        path,
        artifact,
        array: name,
      })
    }
    return { array: readArray({ path, chunks: chunkTable(db) }, row), close: () => db.close() }
  })
}
