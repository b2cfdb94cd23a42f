/** Table `array`: name, type and shape of the arrays of an artifact; their bytes are in `chunk`. */
import type { ArrayInfo, DtypeName } from '#common/domain/artifact.ts'
import type { Db } from './sqlite.ts'

export interface ArrayRow {
  readonly id: number
  readonly artifact: number
  readonly name: string
  readonly dtype: DtypeName
  readonly byte_order: string
  readonly shape: string
  readonly chunk_rows: number
  readonly codec: string
}

export type ArrayTable = ReturnType<typeof arrayTable>

export function arrayTable(db: Db) {
  const insert = db.prepare('INSERT INTO array (artifact, name, dtype, shape, chunk_rows, codec) VALUES (?, ?, ?, ?, ?, ?)')
  const byName = db.prepare<[number, string], ArrayRow>('SELECT * FROM array WHERE artifact = ? AND name = ?')
  const ofArtifact = db.prepare<[number], ArrayRow>('SELECT * FROM array WHERE artifact = ? ORDER BY id')
  const all = db.prepare<[], ArrayRow>('SELECT * FROM array ORDER BY id')
  const remove = db.prepare('DELETE FROM array WHERE artifact = ? AND name = ?')
  return {
    insert: (artifact: number, { name, dtype, shape, chunkRows, codec }: ArrayInfo & Pick<ArrayRow, 'codec'>): number =>
      Number(insert.run(artifact, name, dtype, JSON.stringify(shape), chunkRows, codec).lastInsertRowid),
    get: (artifact: number, name: string) => byName.get(artifact, name),
    of: (artifact: number) => ofArtifact.all(artifact),
    all: () => all.all(),
    remove: (artifact: number, name: string) => remove.run(artifact, name),
  }
}

export const shapeOf = (row: ArrayRow): number[] => JSON.parse(row.shape) as number[]

export const toArrayInfo = (row: ArrayRow): ArrayInfo => ({
  name: row.name,
  dtype: row.dtype,
  shape: shapeOf(row),
  chunkRows: row.chunk_rows,
})
