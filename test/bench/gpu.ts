/**
 * Steps of training on every device of this computer: its matrix speed, milliseconds per step with data and state on the card,
 * and what opening a program costs the first time.
 *
 *   node test/bench/gpu.ts [--json] [--software]
 *
 * Shapes that a slow device would take minutes for are left out. With --software a driver made of software stands in for a card
 * (test/helpers/softwareVulkan.ts): that shows that everything works, its speed means nothing.
 */
import { availableParallelism } from 'node:os'
import { compile } from '#engine/compute/compile.ts'
import { probe } from '#engine/compute/devices/probe.ts'
import { listDevices } from '#engine/compute/devices.ts'
import { openExecutor } from '#engine/compute/executors/open.ts'
import { NumericWorker } from '#engine/compute/numericWorker.ts'
import { normalsOf, stepKey } from '#engine/compute/random/counter.ts'
import { copyOf, type HostArrays, mapValues } from '#engine/compute/step.ts'
import { initialiserOf } from '#engine/layers/initialise.ts'
import { modelById } from '#engine/models/registry.ts'
import { adam } from '#engine/optim/adam.ts'
import { initialState, packingFor, scalarsAt, type StepOptions, traceTraining } from '#engine/train/trainingStep.ts'

const json = process.argv.includes('--json')
if (process.argv.includes('--software')) await import('../helpers/softwareVulkan.ts')
const threads = availableParallelism()
const rows = 8192
const options: StepOptions = { optimiser: adam, gradientClip: 0, weightDecay: 0 }

const autoencoder = (widths: readonly number[]) => ({
  model: 'autoencoder',
  params: { encoder: widths.slice(1, -1), codeSize: widths.at(-1) },
})
const cases = [
  { name: 'AE 30-16-8-2 B128', ...autoencoder([30, 16, 8, 2]), columns: 30, batch: 128, gflop: 0.001 },
  { name: 'AE 784-512-256-32 B256', ...autoencoder([784, 512, 256, 32]), columns: 784, batch: 256, gflop: 1.5 },
  { name: 'VAE 2000-256-64-10 B128', model: 'vae', params: { encoder: [256, 64], codeSize: 10 }, columns: 2000, batch: 128, gflop: 1 },
] as const

interface Line {
  readonly device: string
  readonly name: string
  readonly gflops: number | null
  readonly openMs?: number
  readonly firstMs?: number
  readonly stepMs?: number
  readonly ranOn?: string
}

function programOf({ name, model, params, columns, batch }: (typeof cases)[number]) {
  const definition = modelById(model)
  const built = definition.build(definition.params.parse(params), columns)
  if (built.kind !== 'gradient') throw new Error(`${model} is not trained by steps`)
  const [stage] = built.stages
  const weights = stage.initialWeights(initialiserOf(1))
  const packing = packingFor(stage, weights, options)
  const state = initialState(stage, packing, weights, adam)
  const draw = normalsOf(stepKey(1, 0), 'bench')
  const inputs = { x: { shape: [rows, columns], values: Float32Array.from({ length: rows * columns }, (_, i) => draw(i)) } }
  const scan = (steps: number): HostArrays => {
    const scalars = Array.from({ length: steps }, (_, t) => scalarsAt(stage, options, 0.001, t, steps))
    return {
      rows: { shape: [steps, batch], values: Int32Array.from({ length: steps * batch }, (_, i) => (i * 7919) % rows) },
      key: { shape: [steps], values: Int32Array.from({ length: steps }, (_, t) => stepKey(1, t)) },
      ...mapValues(scalars[0], (_, at) => ({ shape: [steps], values: Float32Array.from(scalars, (one) => one[at]) })),
    }
  }
  return { program: traceTraining(name, stage, packing, state, inputs, batch, options), state, inputs, scan }
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now()
  const result = await work()
  return { ms: performance.now() - started, result }
}

async function measure(device: string, gflops: number | null, one: (typeof cases)[number], worker: NumericWorker): Promise<Line> {
  const { program, state, inputs, scan } = programOf(one)
  const open = () =>
    openExecutor(program, {
      device,
      openOnProcessor: () => worker.open(compile(program), threads),
      notify: (message) => process.stderr.write(`${message}\n`),
      signal: new AbortController().signal,
    })
  const { ms: openMs, result: executor } = await timed(open)
  await executor.load({ state: copyOf(state), inputs })
  const { ms: firstMs } = await timed(() => executor.run(scan(1), 1))
  // The first unrolled run compiles as well; then the best of four rounds of about a fifth of a second.
  await executor.run(scan(16), 16)
  const { ms: roundMs } = await timed(() => executor.run(scan(16), 16))
  const steps = 8 * Math.max(1, Math.min(256, Math.round((200 / roundMs) * 2)))
  let stepMs = roundMs / 16
  for (let round = 0; round < 4; round++) stepMs = Math.min(stepMs, (await timed(() => executor.run(scan(steps), steps))).ms / steps)
  await executor.close()
  return { device, name: one.name, gflops, openMs, firstMs, stepMs, ranOn: executor.name }
}

const worker = new NumericWorker()
const lines: Line[] = []
for (const { id, available } of await listDevices()) {
  if (!available) continue
  const { gflops } = await probe(id, threads)
  const possible = cases.filter(({ gflop }) => gflop < (gflops ?? 0) / 4)
  for (const one of possible) lines.push(await measure(id, gflops, one, worker))
  if (!possible.length) lines.push({ device: id, name: 'too slow for any case', gflops })
}
await worker.close()

if (json) process.stdout.write(`${JSON.stringify(lines)}\n`)
else
  for (const { device, name, gflops, openMs = 0, firstMs = 0, stepMs = 0, ranOn = '' } of lines)
    process.stdout.write(
      `${device.padEnd(8)} ${name.padEnd(26)} ${(gflops ?? 0).toFixed(1).padStart(9)} GFLOP/s  open ${openMs.toFixed(0).padStart(6)} ms  first ${firstMs.toFixed(0).padStart(6)} ms  step ${stepMs.toFixed(3).padStart(9)} ms  ${ranOn}\n`,
    )
