/** Table `job`: what was run in this project and how it ended, for the list in the window. The live state is the runner's. */
import type { Job, JobStatus } from '#common/domain/artifact.ts'
import type { Db } from './sqlite.ts'

export interface JobRecord {
  readonly id: number
  readonly operation: string
  readonly title: string
  readonly status: JobStatus
  readonly artifact: number | null
  readonly startedAt: string | null
  readonly error: Job['error']
}

interface JobRow {
  readonly id: number
  readonly operation: string
  readonly title: string
  readonly status: JobStatus
  readonly artifact: number | null
  readonly started_at: string | null
  readonly error: string | null
}

/** Older jobs are forgotten. */
const jobLength = 200

const interrupted: NonNullable<Job['error']> = {
  code: 'ENGINE_LOST',
  message: 'The engine ended while this was running.',
  hint: 'Start it again; a training goes on from its last checkpoint.',
  where: {},
}

export type JobTable = ReturnType<typeof jobTable>

export function jobTable(db: Db) {
  const put = db.prepare(
    `INSERT INTO job (id, operation, title, status, artifact, started_at, error) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET status = excluded.status, artifact = excluded.artifact, started_at = excluded.started_at, error = excluded.error`,
  )
  const end = db.prepare('UPDATE job SET ended_at = ? WHERE id = ? AND ended_at IS NULL')
  const trim = db.prepare('DELETE FROM job WHERE id <= (SELECT id FROM job ORDER BY id DESC LIMIT 1 OFFSET ?)')
  const all = db.prepare<[], JobRow>('SELECT * FROM job ORDER BY id')
  const last = db.prepare<[], { id: number | null }>('SELECT max(id) AS id FROM job')
  const interrupt = db.prepare("UPDATE job SET status = 'failed', error = ?, ended_at = ? WHERE status IN ('queued', 'running', 'paused')")
  return {
    put: (job: JobRecord) => {
      put.run(job.id, job.operation, job.title, job.status, job.artifact, job.startedAt, job.error && JSON.stringify(job.error))
      if (job.status === 'done' || job.status === 'failed' || job.status === 'cancelled') end.run(new Date().toISOString(), job.id)
      trim.run(jobLength)
    },
    all: (): JobRecord[] =>
      all.all().map((row) => ({
        id: row.id,
        operation: row.operation,
        title: row.title,
        status: row.status,
        artifact: row.artifact,
        startedAt: row.started_at,
        error: row.error === null ? null : (JSON.parse(row.error) as Job['error']),
      })),
    lastId: (): number => last.get()?.id ?? 0,
    /** Jobs that a killed process left behind. */
    interrupt: () => interrupt.run(JSON.stringify(interrupted), new Date().toISOString()),
  }
}
