/** Table `chunk`: the bytes of arrays. A chunk is written once and never changed. */
import { crc32 } from 'node:zlib'
import type { Db } from './sqlite.ts'

export type ChunkTable = ReturnType<typeof chunkTable>

export function chunkTable(db: Db) {
  const insert = db.prepare('INSERT INTO chunk (array, i, crc, blob) VALUES (?, ?, ?, ?)')
  const get = db.prepare<[number, number], { crc: number; blob: Buffer }>('SELECT crc, blob FROM chunk WHERE array = ? AND i = ?')
  const count = db.prepare<[number], { n: number; first: number | null; last: number | null }>(
    'SELECT count(*) AS n, min(i) AS first, max(i) AS last FROM chunk WHERE array = ?',
  )
  return {
    insert: (array: number, i: number, bytes: Uint8Array) => insert.run(array, i, crc32(bytes), bytes),
    /** The stored bytes and whether they are what was written, which is found out when asked; undefined when the chunk is not there. */
    read: (array: number, i: number): { readonly bytes: Buffer; readonly intact: boolean } | undefined => {
      const row = get.get(array, i)
      return (
        row && {
          bytes: row.blob,
          get intact() {
            return crc32(row.blob) === row.crc
          },
        }
      )
    },
    extent: (array: number) => count.get(array) as { n: number; first: number | null; last: number | null },
  }
}
