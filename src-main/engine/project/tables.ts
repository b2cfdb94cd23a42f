/** All tables of one open file, their statements prepared once. */
import { arrayTable } from './arrays.ts'
import { artifactTable } from './artifacts.ts'
import { chunkTable } from './chunks.ts'
import { edgeTable } from './edges.ts'
import { jobTable } from './jobs.ts'
import { journalTable } from './journal.ts'
import { metricTable } from './metrics.ts'
import { settingTable } from './settings.ts'
import type { Db } from './sqlite.ts'

export type Tables = ReturnType<typeof prepareTables>

export function prepareTables(db: Db, path: string) {
  return {
    path,
    artifacts: artifactTable(db),
    edges: edgeTable(db),
    metrics: metricTable(db),
    arrays: arrayTable(db),
    chunks: chunkTable(db),
    settings: settingTable(db),
    journal: journalTable(db),
    jobs: jobTable(db),
    /** Everything inside or nothing. Never async inside. */
    transaction: <T>(work: () => T): T => db.transaction(work).immediate(),
  }
}
