/**
 * How much of the disk codes will take, known before the first row is encoded: hours of work should not end at a full disk.
 *
 *   dense     rows · (4 Z + 4) bytes, with the error of each row
 *   sparse    rows · (4 + 6 k + 4), k codes of a row with their places (project/sparseChunk.ts); 8 k where Z > 65 536. Where no k was
 *             wanted, as with dictionaries from elsewhere, Z / 32 is supposed, as models/sizes.ts chooses it.
 */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDictionary } from '#common/domain/dictionaries.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { StratumError } from '#common/errors.ts'

/** Chunks, their index and what else is written beside. */
const overhead = 1.05

export function codesBytes({ model, codeSize: Z, layout }: Pick<ModelMeta, 'model' | 'codeSize' | 'layout'>, rows: number): number {
  const dense = 4 * Z
  const k = layout.activeCodes ?? Z / 32
  const codes = isDictionary(model) ? Math.min(dense, 4 + k * (Z > 2 ** 16 ? 8 : 6)) : dense
  return Math.ceil(overhead * rows * (codes + 4))
}

const gigabytes = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toPrecision(3)} GB` : `${Math.ceil(bytes / 1e6)} MB`)

/** Left for everything else that writes to the disk. */
const spare = 50e6

/** @throws DISK_FULL when `bytes` more do not fit beside the project */
export async function checkRoomFor(bytes: number, project: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(project))
  const free = bavail * bsize
  if (bytes + spare <= free) return
  throw new StratumError(
    'DISK_FULL',
    `Codes of all rows take about ${gigabytes(bytes)}, and ${gigabytes(free)} are free beside the project.`,
    'Free some space, move the project to a larger disk, or train a model with a smaller code.',
    { path: project, bytes, free },
  )
}

/** From here on it is said beforehand. */
const worthSaying = 2e9
export const roomMessage = (bytes: number): string | null =>
  bytes < worthSaying ? null : `Codes of all rows will take about ${gigabytes(bytes)} in the project.`
