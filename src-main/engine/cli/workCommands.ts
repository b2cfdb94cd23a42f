/** Commands that run more than one operation: a recipe, the demo, the benchmarks. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { replayRecipe } from '../operations/recipe.ts'
import { artifactLine } from './artifactText.ts'
import type { Call, Command } from './command.ts'
import { demoDefaults, demoProjectPath, runDemo } from './demo.ts'
import { usageError } from './parse.ts'
import { formatSeconds, formatTable } from './printer.ts'
import { inProject, resourceOptions } from './workspace.ts'

const run: Command = {
  name: 'run',
  usage: '<recipe.yaml>',
  summary: 'Repeats a recipe; what is there already is not computed again.',
  options: [
    {
      name: 'project',
      value: '<path>',
      description: 'Project to run it in, made when missing (default: beside the recipe, under its name)',
    },
    {
      name: 'source',
      value: '<file>',
      many: true,
      description: 'Another file in place of the one that the recipe imports, and once for each where it imports several',
    },
    ...resourceOptions,
  ],
  async run(call) {
    const file = resolve(call.arguments[0])
    const sources = call.texts('source').map((path) => resolve(path))
    const text = readFileSync(file, 'utf8')
    const path = call.text('project') ?? join(dirname(file), `${basename(file, extname(file))}.stratum`)
    const made = await inProject(
      call,
      path,
      ({ project, runner }) =>
        replayRecipe(project, runner, text, {
          folder: dirname(file),
          ...(sources.length > 0 && { sources }),
          signal: call.signal,
          log: call.printer.log,
        }),
      { create: true },
    )
    return { result: made.at(-1), text: formatTable(made.map(artifactLine)) }
  },
}

const demo: Command = {
  name: 'demo',
  usage: '[dir]',
  summary: 'Makes the sample scene and runs the whole job on it: map, scores and report.',
  options: [
    { name: 'width', value: '<n>', description: `Width of the scene in pixels (default ${demoDefaults.width})` },
    { name: 'height', value: '<n>', description: `Height of the scene in pixels (default ${demoDefaults.height})` },
    { name: 'seed', value: '<n>', description: `Seed of the scene and of all random draws (default ${demoDefaults.seed})` },
    ...resourceOptions,
  ],
  async run(call) {
    const folder = resolve(call.arguments[0] ?? 'stratum-demo')
    const options = {
      ...demoDefaults,
      width: call.integer('width', 64) ?? demoDefaults.width,
      height: call.integer('height', 64) ?? demoDefaults.height,
      seed: call.integer('seed', 0) ?? demoDefaults.seed,
    }
    const result = await inDemoProject(call, folder, (compute) => runDemo(folder, compute, options), options.seed)
    const { map, scores, report, ari, ariPca, auc, seconds, peakRssMB } = result
    const facts = [
      ['class map', map],
      ['score map', scores],
      ['report', report],
      ['agreement with the truth', `ARI ${ari.toFixed(3)} (PCA + k-means ${ariPca.toFixed(3)})`],
      ['planted anomalies', `AUC ${auc.toFixed(3)}`],
      ['took', `${formatSeconds(seconds)}, ${peakRssMB} MB at most`],
    ]
    // The last line carries every figure by name, for scripts that read the plain output.
    const figures = Object.entries(result).map(([name, value]) => `${name}=${value}`)
    return { result, text: `${formatTable(facts)}\n${figures.join(' ')}` }
  },
}

function inDemoProject<T>(
  call: Call,
  folder: string,
  work: (compute: Parameters<typeof runDemo>[1]) => Promise<T>,
  seed: number,
): Promise<T> {
  mkdirSync(folder, { recursive: true })
  return inProject(
    call,
    demoProjectPath(folder),
    ({ compute }) => work((operation, inputs, params, name) => compute({ operation, inputs, params, name, seed })),
    { create: true },
  )
}

/** Benchmarks live with the sources, not in an installed program. */
const benchFolder = fileURLToPath(new URL('../../../test/bench/', import.meta.url))

const bench: Command = {
  name: 'bench',
  usage: '<suite>',
  summary: 'Runs a suite of benchmarks (in a checkout): one line per case.',
  options: [{ name: 'peer', value: '<program>', description: 'Python to run the peer in, e.g. python3' }],
  async run(call) {
    const [suite] = call.arguments
    const suites = existsSync(benchFolder)
      ? readdirSync(benchFolder)
          .filter((name) => name.endsWith('.ts'))
          .map((name) => basename(name, '.ts'))
      : []
    if (!suites.includes(suite))
      throw usageError(
        `There is no benchmark suite '${suite}'.`,
        suites.length > 0 ? `Suites: ${suites.join(', ')}.` : 'Benchmarks are run in a checkout of the sources.',
      )
    const peer = call.text('peer')
    const exitCode = await spawnSuite(
      join(benchFolder, `${suite}.ts`),
      [...(call.isSet('json') ? ['--json'] : []), ...(peer ? ['--peer', peer] : [])],
      call.signal,
    )
    return { result: { suite, exitCode }, text: '', exitCode }
  },
}

function spawnSuite(file: string, options: readonly string[], signal: AbortSignal): Promise<number> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [file, ...options], { stdio: 'inherit' })
    const stop = (): void => void child.kill('SIGINT')
    signal.addEventListener('abort', stop, { once: true })
    child.once('error', failed)
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      done(code ?? 130)
    })
  })
}

export const workCommands: readonly Command[] = [run, demo, bench]
