/** Name, unit, proj4 definition and WKT by EPSG code, from the index that ships with the program: 8 MB of JSON, read when first asked. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { z } from 'zod'

const Entry = z.object({ name: z.string(), unit: z.string().nullable(), proj4: z.string().nullable(), wkt: z.string().nullish() })
type Entry = z.output<typeof Entry>

const known = new Map<number, Entry | null>()

export async function epsgEntry(code: number): Promise<Entry | null> {
  const found = known.get(code)
  if (found !== undefined) return found
  const path = createRequire(import.meta.url).resolve('epsg-index/all.json')
  const index = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  const entry = Entry.safeParse(index[String(code)])
  known.set(code, entry.success ? entry.data : null)
  return known.get(code) ?? null
}
