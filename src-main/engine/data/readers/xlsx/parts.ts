/** The parts of an XLSX workbook as streams of tags. What an entry of the archive may unpack to is bounded. */
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import { type ZipEntry, openEntry, readZipDirectory } from '../npy/zip.ts'
import type { RandomAccessFile } from '../randomAccess.ts'
import { type XmlHandler, XmlScanner } from './xml.ts'

export interface Parts {
  has(name: string): boolean
  /** Goes through a part; after every piece `between` may ask for the end. */
  scan(name: string, handler: XmlHandler, signal?: AbortSignal): AsyncGenerator<void>
}

/** Sheets of a million rows and many columns take a few GB; XML unpacks 10 to 30 times. */
const largestPart = 8 * 2 ** 30
const steepest = 400
const alwaysAllowed = 64 << 20
const pieceBytes = 256 << 10

export async function openParts(file: RandomAccessFile): Promise<Parts> {
  const entries = new Map((await readZipDirectory(file)).map((entry) => [entry.name.replace(/^\//, ''), entry]))

  async function* scan(name: string, handler: XmlHandler, signal?: AbortSignal): AsyncGenerator<void> {
    const entry = entries.get(name)
    if (!entry)
      throw new StratumError(
        'FILE_CORRUPT',
        `The workbook has no part "${name.slice(0, 100)}".`,
        'Open and save it in Excel or LibreOffice.',
        {
          path: file.path,
        },
      )
    checkSize(entry, file.path)
    const reader = (await openEntry(file, entry))()
    const decoder = new TextDecoder()
    const scanner = new XmlScanner(handler)
    for (let at = 0; at < entry.size; at += pieceBytes) {
      if (signal) throwIfCancelled(signal)
      const bytes = await reader.read(at, Math.min(pieceBytes, entry.size - at))
      try {
        scanner.write(decoder.decode(bytes, { stream: true }))
      } catch (thrown) {
        if (thrown instanceof StratumError) throw thrown
        throw new StratumError(
          'FILE_CORRUPT',
          `The part "${name}" of the workbook is damaged: ${(thrown as Error).message}.`,
          'Open and save it in Excel or LibreOffice.',
          { path: file.path, part: name },
          thrown,
        )
      }
      yield
    }
  }
  return { has: (name) => entries.has(name), scan }
}

function checkSize({ name, size, storedBytes }: ZipEntry, path: string): void {
  if (size <= alwaysAllowed || (size <= largestPart && size <= storedBytes * steepest)) return
  throw new StratumError(
    'FILE_CORRUPT',
    `The part "${name}" of the workbook claims ${size} bytes from ${storedBytes}: it would fill the memory without end.`,
    'Export the sheet as CSV.',
    { path, part: name },
  )
}
