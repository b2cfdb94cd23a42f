/** A folder of its own for each test of a file, gone afterwards; what is asked for before the first test lies in one for the whole file. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach } from 'vitest'

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'stratum-test-'))

export function temporaryFolder(): { readonly path: string; readonly file: (name: string) => string } {
  let ofTest = ''
  let ofFile = ''
  const current = (): string => {
    if (ofTest === '' && ofFile === '') ofFile = newFolder()
    return ofTest || ofFile
  }
  beforeEach(() => {
    const path = newFolder()
    ofTest = path
    // Given back rather than in afterEach, so that what a test opened in the folder is closed first.
    return () => {
      ofTest = ''
      rmSync(path, { recursive: true, force: true })
    }
  })
  afterAll(() => {
    if (ofFile !== '') rmSync(ofFile, { recursive: true, force: true })
  })
  return {
    get path() {
      return current()
    },
    file: (name) => join(current(), name),
  }
}
