/** Numbered migrations, forward only. `user_version` of the file says how many it has seen. */
import { readFileSync } from 'node:fs'
import { StratumError } from '#common/errors.ts'
import { engineFile } from '../resources.ts'
import type { Db } from './sqlite.ts'

/** Position + 1 is the version; append only. */
const migrations = ['0001-schema.sql']

/** The file version this program writes. */
export const schemaVersion = migrations.length

export const projectNewer = (path: string, found: number): StratumError =>
  new StratumError(
    'PROJECT_NEWER',
    `The project was made by a newer version of Stratum (file version ${found}, this program knows ${schemaVersion}).`,
    'Update Stratum, then open it again; the file was not changed.',
    { path, fileVersion: found, knownVersion: schemaVersion },
  )

/** Brings the file to `schemaVersion`, all steps in one transaction: it ends at the new version or stays as it was. */
export function migrate(db: Db, path: string): void {
  const found = Number(db.pragma('user_version', { simple: true }))
  if (found > schemaVersion) throw projectNewer(path, found)
  if (found === schemaVersion) return
  db.transaction(() => {
    for (const name of migrations.slice(found)) db.exec(readFileSync(engineFile(`project/migrations/${name}`), 'utf8'))
    db.pragma(`user_version = ${schemaVersion}`)
  }).immediate()
}
