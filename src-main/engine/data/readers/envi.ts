/** ENVI rasters: a text header (.hdr) beside a file of numbers in band, line or pixel order. Either of the two is opened. */
import { closeSync, openSync, readSync } from 'node:fs'
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const options = z.object({
  nodata: z
    .number()
    .optional()
    .meta({ title: 'No-data value', description: 'Stored value that means no data; by default what the header says.' }),
  badBands: z
    .enum(['leave out', 'keep'])
    .default('leave out')
    .meta({ title: 'Bad bands', description: 'What becomes of bands that the header lists as bad (bbl).' }),
  reflectance: z
    .boolean()
    .default(false)
    .meta({ title: 'As reflectance', description: 'Divides by the reflectance scale factor of the header, so that values lie in 0 to 1.' }),
})
export type EnviOptions = z.output<typeof options>

const isHeader = (head: Uint8Array): boolean =>
  /^(?:\u00ef\u00bb\u00bf)?\s*ENVI\s*[\r\n]/.test(new TextDecoder('latin1').decode(head.subarray(0, 64)))

/** Where the header of a data file may lie: `scene.img.hdr`, `scene.hdr`. */
export function headerPaths(path: string): string[] {
  const stem = path.replace(/\.[^./\\]*$/, '')
  return [`${path}.hdr`, `${path}.HDR`, ...(stem === path ? [] : [`${stem}.hdr`, `${stem}.HDR`])]
}

/** The header beside a data file, if there is one that begins with ENVI. */
export function findHeader(path: string): string | null {
  for (const candidate of headerPaths(path)) {
    if (candidate === path) continue
    try {
      const handle = openSync(candidate, 'r')
      const head = new Uint8Array(64)
      try {
        readSync(handle, head, 0, 64, 0)
      } finally {
        closeSync(handle)
      }
      if (isHeader(head)) return candidate
    } catch {
      // Most files have no header beside them: then they are not ENVI's.
    }
  }
  return null
}

export const envi: Reader = {
  id: 'envi',
  title: 'ENVI raster',
  kind: 'raster',
  extensions: ['hdr', 'bsq', 'bil', 'bip', 'img', 'dat', 'raw'],
  options,
  probe(head, path) {
    if (isHeader(head)) return 2
    return /\.hdr$/i.test(path) ? 0 : findHeader(path) !== null ? 2 : 0
  },
  async open(path, chosen) {
    const { openEnvi } = await import('./envi/open.ts')
    return openEnvi(path, options.parse(chosen))
  },
}
