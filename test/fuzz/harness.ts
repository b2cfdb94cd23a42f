/** Hands damaged files to a child process, one after another, and notes what must never happen: a crash, a hang, memory without bound. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FuzzAnswer, FuzzCase } from './child.ts'
import { drawsOf, mutated } from './mutate.ts'
import type { Seed } from './seeds.ts'

export interface Failure {
  readonly reader: string
  readonly seed: string
  readonly number: number
  readonly what: string
  /** Folder in which the damaged files were kept. */
  readonly kept: string | null
}
export interface Fuzzed {
  readonly reader: string
  readonly files: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly slowestMs: number
  /** Highest of any child. */
  readonly rssMB: number
  readonly failures: readonly Failure[]
}

export interface FuzzOptions {
  readonly count: number
  readonly seed: number
  /** A file may take so long before it counts as a hang. Generous, for the machine may be busy. */
  readonly hangMs: number
  /** A child may come to this. Node itself and the readers' code take about 150. */
  readonly mostMB: number
  /** Where files that failed are kept. */
  readonly keepIn: string | null
}

const childPath = fileURLToPath(new URL('./child.ts', import.meta.url))

class Child {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>
  #said = ''

  constructor() {
    this.#process = spawn(process.execPath, ['--max-old-space-size=400', childPath], { stdio: 'pipe' })
    this.#process.stderr.on('data', (data: Buffer) => {
      this.#said = (this.#said + String(data)).slice(-2000)
    })
    this.#process.stdin.on('error', () => undefined) // it has ended; the missing answer says so
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** @returns  its answer, or in words why there is none; then it is of no more use */
  async ask(one: FuzzCase, hangMs: number): Promise<FuzzAnswer | string> {
    this.#process.stdin.write(`${JSON.stringify(one)}\n`)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer after ${hangMs / 1000} s`), hangMs)
    })
    try {
      return await Promise.race([this.#answer(), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #answer(): Promise<FuzzAnswer | string> {
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done) return `the process ended: ${this.#said.trim()}`
      if (value.startsWith('\u0001')) return JSON.parse(value.slice(1)) as FuzzAnswer // libraries may print too
    }
  }

  end(): void {
    this.#process.kill('SIGKILL')
  }
}

/** `count` damaged files from the seeds of one reader, in turn. */
export async function fuzz(reader: string, seeds: readonly Seed[], options: FuzzOptions): Promise<Fuzzed> {
  const { count, hangMs, mostMB, keepIn } = options
  const folder = mkdtempSync(join(tmpdir(), 'stratum-fuzz-'))
  const outcomes: Record<string, number> = {}
  const failures: Failure[] = []
  let [slowestMs, rssMB] = [0, 0]
  let child = new Child()
  try {
    for (let number = 0; number < count; number++) {
      const seed = seeds[number % seeds.length]
      const place = join(folder, String(number))
      const path = damage(seed, place, options.seed, number)
      const answer = await child.ask({ reader, path, options: seed.options ?? {} }, hangMs)
      const what = whatFailed(answer, mostMB)
      if (typeof answer !== 'string') {
        outcomes[answer.outcome] = (outcomes[answer.outcome] ?? 0) + 1
        slowestMs = Math.max(slowestMs, answer.ms)
        rssMB = Math.max(rssMB, answer.rssMB)
      }
      if (what !== null) {
        failures.push({ reader, seed: seed.name, number, what, kept: keep(place, keepIn, `${reader}-${number}`) })
        child.end()
        child = new Child()
      }
      rmSync(place, { recursive: true })
    }
  } finally {
    child.end()
    rmSync(folder, { recursive: true, force: true })
  }
  return { reader, files: count, outcomes, slowestMs, rssMB, failures }
}

/** Writes a seed with one of its files damaged. @returns what is to be opened */
function damage(seed: Seed, place: string, seedNumber: number, number: number): string {
  const draw = drawsOf(seedNumber, `${seed.name} ${number}`)
  const victim = draw(seed.files.length)
  for (const [i, { path, bytes }] of seed.files.entries()) {
    const to = join(place, path)
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(to, i === victim ? mutated(bytes(), draw) : bytes())
  }
  return join(place, seed.open)
}

function whatFailed(answer: FuzzAnswer | string, mostMB: number): string | null {
  if (typeof answer === 'string') return answer
  if (answer.outcome === 'crash') return answer.detail
  return answer.rssMB > mostMB ? `${answer.rssMB.toFixed(0)} MB` : null
}

function keep(place: string, keepIn: string | null, name: string): string | null {
  if (keepIn === null) return null
  const to = join(keepIn, name)
  mkdirSync(dirname(to), { recursive: true })
  rmSync(to, { recursive: true, force: true })
  cpSync(place, to, { recursive: true })
  return to
}
