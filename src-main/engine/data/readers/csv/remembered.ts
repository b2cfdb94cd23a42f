/**
 * Surveys of the last large files, so that opening one again (to prepare, train, encode) does not read it all once more. They hold for
 * the very same plan, size and time of change only. Memory: four of them, each of some numbers and at most 1000 texts per column.
 */
import { stat } from 'node:fs/promises'
import type { SurveyPlan } from './survey.ts'
import type { SurveyResult } from './surveyResult.ts'
import type { Reading, Stretch, Table } from './table.ts'

export interface Surveyed {
  readonly sum: SurveyResult
  readonly index: Stretch[]
}

const most = 4
/** Smaller files are read again in no time; wider tables would be too much to keep. */
const [worthBytes, mostColumns] = [8 << 20, 2000]
const kept = new Map<string, Surveyed>()

/** Null for a table that is not worth it. */
export async function surveyKey(table: Table, plan: SurveyPlan, reading: Reading): Promise<string | null> {
  if (table.sizeBytes < worthBytes || table.width > mostColumns || table.place !== 'line') return null
  const { mtimeMs, size, ino } = await stat(table.path)
  return JSON.stringify([table.path, ino, size, mtimeMs, table.encoding, table.begin, plan, reading.pieceBytes])
}

export function recallSurvey(key: string | null): Surveyed | undefined {
  const found = key === null ? undefined : kept.get(key)
  if (key === null || !found) return undefined
  kept.delete(key)
  kept.set(key, found)
  return found
}

export function rememberSurvey(key: string | null, surveyed: Surveyed): Surveyed {
  if (key !== null) kept.set(key, surveyed)
  for (const oldest of kept.keys()) {
    if (kept.size <= most) break
    kept.delete(oldest)
  }
  return surveyed
}
