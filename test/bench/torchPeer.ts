/**
 * PyTorch as the peer of a bench, configured as well as it can be on the machine.
 *
 * Debian's torch runs its own OpenMP threads beside OpenBLAS's. With OpenBLAS's pthread build both spin against each other, so
 * waiting threads are told to sleep; with its OpenMP build (package libopenblas0-openmp) both share one pool, which is faster.
 * Every run takes the better of those that are there.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const openmpBlas = '/usr/lib/x86_64-linux-gnu/openblas-openmp'
const settings: readonly { readonly name: string; readonly env: Readonly<Record<string, string>> }[] = [
  { name: 'OMP_WAIT_POLICY=passive', env: { OMP_WAIT_POLICY: 'passive' } },
  ...(existsSync(openmpBlas) ? [{ name: 'OpenMP BLAS', env: { LD_LIBRARY_PATH: openmpBlas } }] : []),
]

export interface PeerRun {
  readonly ms: number
  /** 'torch 1.13.0, OpenMP BLAS' */
  readonly version: string
}

/** Which Python is the peer's: `--peer python3`. */
export const peerPython: string = process.argv.includes('--peer') ? process.argv[process.argv.indexOf('--peer') + 1] : 'python3'

/**
 * @param script  prints one line of JSON with `ms` (milliseconds per step) and `version`; reads its settings from sys.argv[1], JSON
 * @returns       null, and why on stderr, where this Python has no torch
 */
export function torchRun(script: string, given: unknown): PeerRun | null {
  let best: PeerRun | null = null
  for (const { name, env } of settings) {
    try {
      const printed = execFileSync(peerPython, ['-c', script, JSON.stringify(given)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      })
      const { ms, version } = JSON.parse(printed) as PeerRun
      if (!best || ms < best.ms) best = { ms, version: `${version}, ${name}` }
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message.trim().split('\n').at(-1) : String(thrown)
      process.stderr.write(`${peerPython} (${name}): no run, only our side is timed (${why})\n`)
      return best
    }
  }
  return best
}
