/** The command line, in a process of its own and inside the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { runCommandLine } from '#engine/cli/program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const script = fileURLToPath(new URL('../../src-main/engine/cli/index.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

export const startScript = (file: string, args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
export const startCommand = (...args: readonly string[]): ChildProcess => startScript(script, args)

export async function ended(child: ChildProcess): Promise<Ended> {
  let out = ''
  let error = ''
  child.stdout?.on('data', (data: Buffer) => {
    out += data.toString()
  })
  child.stderr?.on('data', (data: Buffer) => {
    error += data.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, error }
}

/** In a process of its own. */
export const spawnCommand = (...args: readonly string[]): Promise<Ended> => ended(startCommand(...args))

/** In this process: the same but for streams, signals and exit. */
export async function command(...args: readonly string[]): Promise<Ended> {
  let out = ''
  let error = ''
  const streams = {
    out: (text: string) => {
      out += text
    },
    error: (text: string) => {
      error += text
    },
    isTerminal: false,
    columns: 80,
  }
  const code = await runCommandLine(args, streams, new AbortController().signal)
  return { code, out, error }
}

/** The objects of `--json` output. */
export const jsonLines = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** Resolves when the child has written a line that fits; rejects when it ends before. */
export function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (data: Buffer) => {
      text += data.toString()
      const found = text.split('\n').find((line) => pattern.test(line))
      if (found !== undefined) resolve(found)
    })
    child.once('close', (code) => reject(new Error(`ended with ${code} before ${pattern}`)))
  })
}
