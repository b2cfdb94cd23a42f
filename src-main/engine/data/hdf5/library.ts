/**
 * HDF5's library as h5wasm compiles it, and one voice for what it reports. Every open file has an instance of its own: a damaged file
 * can spoil the library's memory without an error, and that memory grows but never shrinks. An instance takes 20 to 50 ms to make, so
 * it is used again for the next file, its memory put back to what it was before the first. What that does not bring back: an instance
 * that was aborted, and what every error the library throws leaves on its stack (about 1 kB of 2 MB).
 */
import { closeSync } from 'node:fs'
import { StratumError } from '#common/errors.ts'

export type Library = Awaited<typeof import('h5wasm/node')['ready']>

interface Instance {
  readonly library: Library
  /** Its memory before the first file, up to the last byte that is not 0. */
  readonly asNew: Uint8Array
  /** Where its stack ends, which grows downwards. */
  readonly stack: number
}

/** Memory of an instance to be used again; a new one has 19 MB. */
const mostKeptBytes = 64 << 20
const mostLostStackBytes = 256 << 10

const spare: Instance[] = []
let compiled: Promise<{ default(options: object): Promise<Library> }> | undefined

async function newInstance(): Promise<Instance> {
  // The entry of the package makes one instance for all; this is the module under it.
  compiled ??= import(new URL('hdf5_util.js', import.meta.resolve('h5wasm/node')).href) as NonNullable<typeof compiled>
  const quiet = (): void => undefined
  const library = await (await compiled).default({ noInitialRun: true, print: quiet, printErr: quiet })
  library.activate_throwing_error_handler()
  // Nothing is loaded from a folder because a file names a filter.
  for (let n = library.get_plugin_search_paths().length; n > 0; n--) library.remove_plugin_search_path(0)
  const memory = library.HEAPU8
  return { library, asNew: memory.slice(0, memory.findLastIndex((byte) => byte !== 0) + 1), stack: stackOf(library) }
}

/** Address of the next thing on its stack: memcpy returns where it was told to copy to, here an array laid on the stack. */
function stackOf(library: Library): number {
  return library.ccall('memcpy', 'number', ['array', 'number', 'number'], [[0], 0, 0])
}

export interface OpenFile {
  readonly library: Library
  readonly fileId: bigint
  readonly guard: Guard
  close(): void
}

/** Opens a file in an instance that no other file uses. */
export async function openInLibrary(path: string): Promise<OpenFile> {
  const instance = spare.pop() ?? (await newInstance())
  const { library } = instance
  let [aborted, closed] = [false, false]
  const told = guardOf(path, (thrown) => {
    aborted ||= thrown instanceof Error && thrown.name === 'RuntimeError'
  })
  const guard: Guard = (place, work) => {
    // Another file may have the instance by now, under the same ids.
    if (closed) throw new Error(`${path} is used after it was closed`)
    return told(place, work)
  }
  function close(): void {
    if (closed) return
    closed = true
    // The library is not asked to close: after a failure it may never answer.
    closeStreams(library)
    if (!aborted && spare.length === 0 && renewed(instance)) spare.push(instance)
  }
  try {
    return { library, fileId: guard('', () => library.open(path, library.H5F_ACC_RDONLY, false, -1, -1)), guard, close }
  } catch (thrown) {
    close()
    throw thrown
  }
}

/** Puts its memory back. @returns  whether it is as good as new */
function renewed({ library, asNew, stack }: Instance): boolean {
  const memory = library.HEAPU8
  if (memory.length > mostKeptBytes) return false
  memory.set(asNew)
  memory.fill(0, asNew.length)
  return stack - stackOf(library) <= mostLostStackBytes
}

function closeStreams({ FS }: Library): void {
  const { streams } = FS as unknown as { streams: ({ readonly fd: number; readonly nfd: number } | null | undefined)[] }
  for (const [i, stream] of streams.entries()) {
    if (!stream || stream.fd <= 2) continue // those of the process
    streams[i] = null
    closeSync(stream.nfd)
  }
}

export type Guard = <T>(place: string, work: () => T) => T

/** Turns what the library throws into FILE_TRUNCATED or FILE_CORRUPT with the place, and tells `onFailure`. */
const guardOf =
  (path: string, onFailure: (thrown: unknown) => void): Guard =>
  (place, work) => {
    try {
      return work()
    } catch (thrown) {
      if (thrown instanceof StratumError)
        throw Object.keys(thrown.where).length > 0
          ? thrown
          : new StratumError(thrown.code, thrown.message, thrown.hint, { path, place }, thrown)
      onFailure(thrown)
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
