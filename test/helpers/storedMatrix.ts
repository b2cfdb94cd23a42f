/** A project file with an array of rows, as prepare leaves them, and none held out. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProject } from '../../src-main/engine/project/open.ts'
import type { RowsPlace } from '../../src-main/engine/train/rows.worker.ts'
import { newArtifact } from './newArtifact.ts'

export interface StoredMatrix {
  readonly place: RowsPlace
  readonly remove: () => void
}

/** @param rows  gives rows [from, from + n) to be written, row-major */
export function storedMatrix(
  n: number,
  d: number,
  rows: (from: number, n: number) => Float32Array,
  { dtype = 'float32', chunkRows, rowsAtOnce = 65_536 }: { dtype?: 'float32' | 'float16'; chunkRows?: number; rowsAtOnce?: number } = {},
): StoredMatrix {
  const directory = mkdtempSync(join(tmpdir(), 'stratum-rows-'))
  const project = createProject(join(directory, 'rows'))
  const draft = project.beginDraft(newArtifact({ kind: 'matrix', operation: 'prepare' }), {})
  const writer = draft.writeArray('train', { dtype, shape: [n, d], ...(chunkRows !== undefined && { chunkRows }) })
  for (let from = 0; from < n; from += rowsAtOnce) writer.append(rows(from, Math.min(rowsAtOnce, n - from)))
  writer.finish()
  draft.writeArray('holdout', { dtype, shape: [0, d] }).finish()
  const { id } = draft.finish({}, 0)
  const { path } = project
  project.close()
  return { place: { path, artifact: id, array: 'train' }, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
