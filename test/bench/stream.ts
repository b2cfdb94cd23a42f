/**
 * Training steps from rows on disk against the same rows in memory, and the memory it takes.
 *
 *   node test/bench/stream.ts [--json] [--only NAME] [--rounds 5] [--memory]
 *
 * Both sides run the training itself (trainModel), in turns, on the same 400 MB of rows in a project file, for some seconds each
 * after warming up; the ratio is the median over the rounds. The bar is 10 % at most. The file is in the system's cache
 * after the first pass, as it would be on a machine with room for it; from a disk of 500 MB/s all but the narrow table still fit.
 *
 * --memory trains on 1 GB of rows with a budget of 128 MB in a process of its own, and says what that one takes beyond one that
 * trains the same model on 1 MB. The bar is the budget and 300 MB.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { rowsInMemory } from '#engine/compute/rowReader.ts'
import { peakMemoryMB } from '#engine/peakMemory.ts'
import { openProject } from '#engine/project/open.ts'
import { openMatrixRows } from '#engine/train/matrixRows.ts'
import { openStoredRows } from '#engine/train/storedRows.ts'
import { type TrainingRows, trainModel } from '#engine/train/train.ts'
import { trainOptions } from '../helpers/training.ts'
import { storedMatrix } from '../helpers/storedMatrix.ts'
import { sharedFloats } from '#engine/analysis/threads/sharedMemory.ts'

const json = process.argv.includes('--json')
const after = (flag: string): string => (process.argv.includes(flag) ? process.argv[process.argv.indexOf(flag) + 1] : '')
const threads = availableParallelism()
const rounds = Number(after('--rounds') || 5)
const [warmSeconds, seconds] = [2, 4]
const benchBytes = 400e6

const autoencoder = (widths: readonly number[]) => ({ encoder: widths.slice(1, -1), codeSize: widths.at(-1), activation: 'relu' })
const cases = [
  { name: 'dense 784-512-256-32, 256 rows', d: 784, model: 'autoencoder', params: { ...autoencoder([784, 512, 256, 32]), batchSize: 256 } },
  { name: 'vae 2000-256-64-10, 128 rows', d: 2000, model: 'vae', params: { ...autoencoder([2000, 256, 64, 10]), batchSize: 128 } },
  { name: 'table 30-16-8-2, 128 rows', d: 30, model: 'autoencoder', params: { ...autoencoder([30, 16, 8, 2]), batchSize: 128 } },
] as const
type Case = (typeof cases)[number]

/** A few thousand random rows, over and over. */
function repeated(d: number): (from: number, n: number) => Float32Array {
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const some = Float32Array.from({ length: 4096 * d }, (_, i) => draw(i))
  return (_, n) => some.subarray(0, n * d)
}

interface Speed {
  readonly stepsPerSecond: number
  /** Of all threads of the process. */
  readonly cpuMsPerStep: number
}

/** The training loop, counted from when it has warmed up. */
async function speed({ model, params, d }: Case, train: TrainingRows): Promise<Speed> {
  const controller = new AbortController()
  const marks: { readonly at: number; readonly rows: number; readonly cpu: number }[] = []
  const running = trainModel({
    ...trainOptions(model, { ...params, epochs: 100_000 }),
    train,
    trainRows: train.rows,
    holdout: new Float32Array(0),
    holdoutRows: 0,
    inputDim: d,
    threads,
    signal: controller.signal,
    report: ({ done: rows = 0 }) => {
      const { user, system } = process.cpuUsage()
      marks.push({ at: performance.now(), rows, cpu: (user + system) / 1000 })
      if (marks[marks.length - 1].at - marks[0].at > (warmSeconds + seconds) * 1000) controller.abort()
    },
  })
  await running.catch((error: unknown) => {
    if (!controller.signal.aborted) throw error
  })
  const from = marks.find(({ at }) => at - marks[0].at > warmSeconds * 1000) ?? marks[0]
  const to = marks[marks.length - 1]
  const steps = (to.rows - from.rows) / params.batchSize
  return { stepsPerSecond: (steps / (to.at - from.at)) * 1000, cpuMsPerStep: (to.cpu - from.cpu) / steps }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
function say(line: Readonly<Record<string, unknown>>, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(line) : text}\n`)
}

async function compare(one: Case): Promise<void> {
  const { name, d } = one
  const n = Math.floor(benchBytes / (4 * d))
  const matrix = storedMatrix(n, d, repeated(d), { rowsAtOnce: 4096 })
  const project = openProject(matrix.place.path, { readOnly: true })
  const values = sharedFloats(n * d)
  project.array(matrix.place.artifact, 'train').readInto(0, n, values)
  project.close()
  const resident = rowsInMemory(values, n, d)
  const pairs: { readonly resident: Speed; readonly streamed: Speed }[] = []
  for (let round = 0; round < rounds; round++) {
    const stored = openStoredRows(matrix.place, n, d)
    const inMemory = await speed(one, resident)
    pairs.push({ resident: inMemory, streamed: await speed(one, stored) })
    await stored.close()
  }
  matrix.remove()
  const ratios = pairs.map((pair) => pair.streamed.stepsPerSecond / pair.resident.stepsPerSecond)
  const ratio = median(ratios)
  const cpu = median(pairs.map((pair) => pair.streamed.cpuMsPerStep / pair.resident.cpuMsPerStep))
  const best = (side: 'resident' | 'streamed'): number => Math.max(...pairs.map((pair) => pair[side].stepsPerSecond))
  const [ours, peer] = [best('streamed'), best('resident')]
  say(
    { suite: 'stream', case: name, ours, peer, ratio, unit: 'steps per second', cpuRatio: cpu, pairs },
    `${name}: ${ours.toFixed(0)} steps/s from disk, ${peer.toFixed(0)} from memory; ratio ${ratio.toFixed(3)} (${ratios.map((r) => r.toFixed(2)).join(' ')}), processor time per step ${cpu.toFixed(2)} times`,
  )
}

/* Memory: this file again, as a child that trains on a given project and says its peak. */
const [memoryD, memoryBudget] = [100, 128e6]
/** Threads that read, blocks of rows while all are gone through, and what is garbage for a while. */
const beyondBudget = 300e6

async function trainInChild(path: string, n: number): Promise<void> {
  const project = openProject(path, { readOnly: true })
  const columns = Array.from({ length: memoryD })
  const rows = await openMatrixRows(project, 1, { trainRows: n, holdoutRows: 0, columns }, memoryBudget, new AbortController().signal)
  const { trainError } = await trainModel({
    ...trainOptions('autoencoder', { encoder: [32], codeSize: 8, epochs: 1, batchSize: 1024 }),
    train: rows.train,
    trainRows: n,
    holdout: rows.holdout,
    holdoutRows: 0,
    inputDim: memoryD,
  })
  await rows.close()
  project.close()
  process.stdout.write(JSON.stringify({ peakMB: peakMemoryMB(), trainError }))
}

function measureMemory(): void {
  const peak = (bytes: number): number => {
    const n = Math.floor(bytes / (4 * memoryD))
    const matrix = storedMatrix(n, memoryD, repeated(memoryD), { rowsAtOnce: 4096 })
    const args = [fileURLToPath(import.meta.url), '--child', matrix.place.path, '--rows', String(n)]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    matrix.remove()
    if (status !== 0) throw new Error(`training ended with ${status}: ${stderr}`)
    return (JSON.parse(stdout) as { peakMB: number }).peakMB
  }
  const [small, large] = [peak(1e6), peak(1e9)]
  const more = large - small
  const allowed = memoryBudget + beyondBudget
  say(
    {
      suite: 'stream',
      case: 'memory, 1 GB of rows',
      ours: more,
      peer: allowed / 1e6,
      ratio: (more * 1e6) / allowed,
      unit: 'MB',
      small,
      large,
    },
    `1 GB of rows, budget ${memoryBudget / 1e6} MB: peak ${large.toFixed(0)} MB, ${more.toFixed(0)} MB more than for 1 MB of rows`,
  )
}

if (process.argv.includes('--child')) await trainInChild(after('--child'), Number(after('--rows')))
else if (process.argv.includes('--memory')) measureMemory()
else for (const one of cases.filter(({ name }) => name.includes(after('--only')))) await compare(one)
