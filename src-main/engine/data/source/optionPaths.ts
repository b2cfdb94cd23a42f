/**
 * Options that name files: a table that is joined, the files of a stack. A path that is not absolute is relative to the source's
 * folder, so it moves with the source; an absolute one is followed when its file moves, and does not tell contents apart.
 */
import { statSync } from 'node:fs'
import { dirname, isAbsolute, resolve, win32 } from 'node:path'

type Options = Readonly<Record<string, unknown>>

/** Every text of the options, in lists too, through `change`. */
export function mapTexts(options: Options, change: (text: string) => string): Record<string, unknown> {
  const one = (value: unknown): unknown => (typeof value === 'string' ? change(value) : Array.isArray(value) ? value.map(one) : value)
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, one(value)]))
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
const isAbsoluteFile = (text: string): boolean => isAbsolute(text) && isFile(text)

/** Whether an option names a file besides the source itself. */
export function namesFiles(options: Options, source: string): boolean {
  const folder = dirname(resolve(source))
  let found = false
  mapTexts(options, (text) => {
    // Delimiters and names of columns have no place among files; a text that happens to name one only costs a second look.
    found ||= text.length > 1 && isFile(resolve(folder, text))
    return text
  })
  return found
}

/** The same options wherever the files lie: their content is told apart by its hash. */
export const withoutPlaces = (options: Options): Record<string, unknown> =>
  mapTexts(options, (text) => (isAbsoluteFile(text) ? win32.basename(text) : text))
