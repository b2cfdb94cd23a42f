/**
 * Files that the engine reads at run time. They lie beside the sources (`src-main/engine/…`), and the build copies them to
 * the same places beside the bundle (`out/main/…`), so one path serves both.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** A file of src-main/engine that is not TypeScript, e.g. `engineFile('project/migrations/0001-start.sql')`. */
export const engineFile = (path: string): string => join(here, path)

/** A file of the resources folder, two levels up from both src-main/engine and out/main, e.g. `resourceFile('fonts/map.ttf')`. */
export function resourceFile(path: string): string {
  const file = join(here, '../../resources', path)
  // A packaged app keeps resources beside its archive, where programs other than Electron can read them too.
  return existsSync(file) ? file : file.replace('app.asar', 'app.asar.unpacked')
}
