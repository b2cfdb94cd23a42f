/** A disk of a few megabytes in memory, where the system lets us mount one (root on Linux); null elsewhere, said in one line. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TinyDisk {
  readonly path: string
  makeReadOnly(): void
  remove(): void
}

export function mountTinyDisk(megabytes: number): TinyDisk | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return refuse('it needs Linux and root')
  const path = mkdtempSync(join(tmpdir(), 'stratum-disk-'))
  const run = (program: string, ...args: string[]): void => void execFileSync(program, args, { stdio: 'pipe' })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path)
  } catch (thrown) {
    rmdirSync(path)
    return refuse(thrown instanceof Error ? thrown.message.split('\n')[0] : String(thrown))
  }
  return {
    path,
    makeReadOnly: () => run('mount', '-o', 'remount,ro', path),
    remove() {
      run('umount', path)
      rmdirSync(path)
    },
  }
}

function refuse(why: string): null {
  process.stderr.write(`Tests on a tiny disk are skipped, because none could be mounted: ${why}\n`)
  return null
}
