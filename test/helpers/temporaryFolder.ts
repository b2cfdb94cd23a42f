/** A folder of its own for each test of a file, gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach } from 'vitest'

export function temporaryFolder(): { readonly path: string; readonly file: (name: string) => string } {
  let path = ''
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'stratum-test-'))
    // Given back rather than in afterEach, so that what a test opened in the folder is closed first.
    return () => rmSync(path, { recursive: true, force: true })
  })
  return {
    get path() {
      return path
    },
    file: (name) => join(path, name),
  }
}
