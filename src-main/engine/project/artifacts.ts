/** Table `artifact`: one row per result, finished or being made. */
import type { Annotations, ArtifactKind, ArtifactStatus } from '#common/domain/artifact.ts'
import type { Db } from './sqlite.ts'

export interface ArtifactRow {
  readonly id: number
  readonly kind: ArtifactKind
  readonly name: string
  readonly operation: string
  readonly operation_version: number
  readonly params: string
  readonly seed: number
  readonly device: string
  readonly content_key: string
  readonly status: ArtifactStatus
  readonly resumable: 0 | 1
  readonly created_at: string
  readonly seconds: number | null
  readonly meta: string
  readonly annotations: string
  readonly error: string | null
  readonly checkpoint: string | null
}

/** What is known of an artifact before it is computed. */
export interface NewArtifact {
  readonly kind: ArtifactKind
  readonly name: string
  readonly operation: string
  readonly operationVersion: number
  readonly params: Readonly<Record<string, unknown>>
  readonly seed: number
  readonly device: string
  readonly contentKey: string
  readonly resumable: boolean
}

export type ArtifactTable = ReturnType<typeof artifactTable>

export function artifactTable(db: Db) {
  const byId = db.prepare<[number], ArtifactRow>('SELECT * FROM artifact WHERE id = ?')
  const all = db.prepare<[], ArtifactRow>('SELECT * FROM artifact ORDER BY id')
  const byName = db.prepare<[string], ArtifactRow>('SELECT * FROM artifact WHERE name = ? ORDER BY id')
  const byKey = db.prepare<[string, string], ArtifactRow>('SELECT * FROM artifact WHERE content_key = ? AND status = ? ORDER BY id DESC')
  const unfinished = db.prepare<[], { id: number; resumable: 0 | 1 }>(
    "SELECT id, resumable FROM artifact WHERE status = 'running' ORDER BY id",
  )
  const insert = db.prepare(
    `INSERT INTO artifact (kind, name, operation, operation_version, params, seed, device, content_key, status, resumable, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)`,
  )
  const finish = db.prepare("UPDATE artifact SET status = 'done', meta = ?, seconds = ?, checkpoint = NULL WHERE id = ?")
  const setName = db.prepare('UPDATE artifact SET name = ? WHERE id = ?')
  const setAnnotations = db.prepare('UPDATE artifact SET annotations = ? WHERE id = ?')
  const setCheckpoint = db.prepare('UPDATE artifact SET checkpoint = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM artifact WHERE id = ?')

  return {
    get: (id: number) => byId.get(id),
    all: () => all.all(),
    named: (name: string) => byName.all(name),
    withKey: (contentKey: string, status: ArtifactStatus) => byKey.all(contentKey, status),
    unfinished: () => unfinished.all(),
    insert: (it: NewArtifact): number => {
      const values = [
        it.kind,
        it.name,
        it.operation,
        it.operationVersion,
        JSON.stringify(it.params),
        it.seed,
        it.device,
        it.contentKey,
        it.resumable ? 1 : 0,
        new Date().toISOString(),
      ]
      return Number(insert.run(...values).lastInsertRowid)
    },
    finish: (id: number, meta: Readonly<Record<string, unknown>>, seconds: number) => finish.run(JSON.stringify(meta), seconds, id),
    setName: (id: number, name: string) => setName.run(name, id),
    setAnnotations: (id: number, annotations: Annotations) => setAnnotations.run(JSON.stringify(annotations), id),
    setCheckpoint: (id: number, state: string | null) => setCheckpoint.run(state, id),
    remove: (id: number) => remove.run(id),
  }
}
