/** Loads h5wasm once, and says in one voice what it reports. */
import { StratumError } from '#common/errors.ts'

type Module = typeof import('h5wasm/node')

export interface Library {
  readonly module: Module
  readonly wasm: Awaited<Module['ready']>
}

let loaded: Promise<Library> | undefined

export function loadLibrary(): Promise<Library> {
  loaded ??= load()
  return loaded
}

async function load(): Promise<Library> {
  const module = await import('h5wasm/node')
  const wasm = await module.ready
  wasm.activate_throwing_error_handler()
  // Nothing is loaded from a folder because a file names a filter.
  for (let n = wasm.get_plugin_search_paths().length; n > 0; n--) wasm.remove_plugin_search_path(0)
  return { module, wasm }
}

export type Guard = <T>(place: string, work: () => T) => T

/** Turns what the library throws into FILE_TRUNCATED or FILE_CORRUPT with the place. */
export const guardOf =
  (path: string): Guard =>
  (place, work) => {
    try {
      return work()
    } catch (thrown) {
      if (thrown instanceof StratumError)
        throw Object.keys(thrown.where).length > 0
          ? thrown
          : new StratumError(thrown.code, thrown.message, thrown.hint, { path, place }, thrown)
      const reason = reasonOf(thrown)
      const where = { path, ...(place ? { place } : {}) }
      if (/truncated/i.test(reason))
        throw new StratumError(
          'FILE_TRUNCATED',
          `The file ends too early: ${reason}.`,
          'The copy or download was probably cut off: fetch the file again.',
          where,
          thrown,
        )
      throw new StratumError(
        'FILE_CORRUPT',
        `${place ? `"${place}" in the file` : 'The file'} cannot be read: ${reason}.`,
        'Fetch the file again, or write it again in the program that made it.',
        where,
        thrown,
      )
    }
  }

/** The last line of HDF5's report that says what happened. */
function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const lines = [...text.matchAll(/in \w+\(\): (.+)$/gm)].map((match) => match[1] as string)
  return (lines.at(-1) ?? text.split('\n')[0] ?? '').slice(0, 200)
}
