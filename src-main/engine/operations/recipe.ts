/**
 * The graph behind an artifact as YAML, and its replay. A recipe names operations, parameters, seeds and sources, and holds no
 * data: run on the same sources it gives the same bytes, and in the same project it finds everything in the cache.
 *
 * Paths are tagged `!path` and relative to the project's folder, or to the recipe's when it is moved beside its data.
 */
import { existsSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type Document, isScalar, parseDocument, type ScalarTag, stringify } from 'yaml'
import { z } from 'zod'
import { Annotations, type Artifact } from '#common/domain/artifact.ts'
import type { SourceReference } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { presentPath } from '../data/source/reference.ts'
import type { Project } from '../project/project.ts'
import { version } from '../version.ts'
import { lineage } from './lineage.ts'
import { type Runner, runToEnd } from './runner.ts'

/** A path in a recipe, written `!path ../data/scene.tif`. */
class RecipePath {
  readonly relative: string
  constructor(path: string) {
    this.relative = path
  }
}

const pathTag: ScalarTag = {
  tag: '!path',
  identify: (value) => value instanceof RecipePath,
  resolve: (text) => new RecipePath(text),
  stringify: ({ value }) => JSON.stringify((value as RecipePath).relative),
}

const Step = z.object({
  id: z.int().positive(),
  operation: z.string(),
  version: z.int(),
  name: z.string().optional(),
  inputs: z.record(z.string(), z.int()).default({}),
  params: z.record(z.string(), z.unknown()).default({}),
  seed: z.int().default(7),
  device: z.string().default('cpu'),
  /** What the source was when the recipe was written. */
  source: z.object({ hash: z.string(), sizeBytes: z.number().optional() }).optional(),
  annotations: Annotations.optional(),
})
const Recipe = z.object({ recipe: z.literal(1), stratum: z.string().optional(), steps: z.array(Step).min(1) })
type Step = z.output<typeof Step>

const header =
  '# Stratum recipe. Run it with: stratum run <this file> --project <project>\n# Paths (!path) are relative to the folder of this file or of the project.\n'

/** Every ancestor of the artifact as a step, sources first, itself last; of several artifacts each step once. */
export function recipeOf(project: Project, artifacts: number | readonly number[]): string {
  const folder = dirname(project.path)
  const behind = [artifacts].flat().flatMap((id) => lineage(project, id))
  const steps = [...new Map(behind.map((it) => [it.id, it])).values()].map((it) => stepOf(it, folder))
  return header + stringify({ recipe: 1, stratum: version, steps }, { customTags: [pathTag], lineWidth: 0 })
}

function stepOf(artifact: Artifact, folder: string): Record<string, unknown> {
  const { source } = artifact.meta as { source?: { hash?: unknown; sizeBytes?: unknown } }
  return {
    id: artifact.id,
    operation: artifact.operation,
    version: artifact.operationVersion,
    name: artifact.name,
    ...(Object.keys(artifact.inputs).length > 0 && { inputs: artifact.inputs }),
    params: withPaths(currentParams(artifact, folder), (text) =>
      isAbsolute(text) ? new RecipePath(relative(folder, text).split(sep).join('/')) : text,
    ),
    seed: artifact.seed,
    device: artifact.device,
    ...(typeof source?.hash === 'string' && { source: { hash: source.hash, sizeBytes: source.sizeBytes } }),
    ...(Object.keys(artifact.annotations).length > 0 && { annotations: artifact.annotations }),
  }
}

/** The path that was imported is where the file is now: it may have moved with the project or been relinked. */
function currentParams({ operation, params, meta }: Artifact, folder: string): Readonly<Record<string, unknown>> {
  const { source } = meta as { source?: Partial<SourceReference> }
  if (operation !== 'import' || source?.relativePath === undefined || source.absolutePath === undefined) return params
  const { relativePath, absolutePath } = source
  return { ...params, path: presentPath({ relativePath, absolutePath }, join(folder, 'project')) }
}

/** A copy in which every text, however deep, went through `change`. */
function withPaths(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((it) => withPaths(it, change))
  if (typeof value === 'object' && value !== null && !(value instanceof RecipePath))
    return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, withPaths(it, change)]))
  return value
}

export interface ReplayOptions {
  /** Folder of the recipe file: paths are looked for here first, then beside the project. */
  readonly folder: string
  /** Other files in place of those that the recipe imports, in its order. What was said of results of the former ones is left out. */
  readonly sources?: readonly string[]
  readonly signal?: AbortSignal
  readonly log?: (level: 'info' | 'warning', message: string) => void
}

/**
 * Runs every step of a recipe in a project; what is there already is not computed again.
 * @returns the artifact of every step, in the recipe's order
 * @throws FILE_CORRUPT when it is no recipe, SOURCE_CHANGED when a source is not the file it was, USAGE when other sources are not as many
 */
export async function replayRecipe(project: Project, runner: Runner, text: string, options: ReplayOptions): Promise<Artifact[]> {
  const { steps: written } = parseRecipe(text)
  const steps = options.sources ? withSources(written, options.sources, dirname(project.path)) : written
  const made = new Map<number, Artifact>()
  for (const step of steps) made.set(step.id, await replayStep(project, runner, step, made, options))
  return [...made.values()]
}

/**
 * Names, colours, thresholds set by hand and reviews are of rows and classes of the former files. What is exported goes to `folder` under
 * the name of the other file, so that nothing of the former is written over.
 */
function withSources(steps: readonly Step[], sources: readonly string[], folder: string): Step[] {
  const imports = steps.filter(({ operation }) => operation === 'import')
  if (imports.length !== sources.length)
    throw new StratumError(
      'USAGE',
      `The recipe imports ${imports.length} file${imports.length === 1 ? '' : 's'}, and ${sources.length} ${sources.length === 1 ? 'is' : 'are'} given.`,
      `Give one for each, in this order: ${imports.map(({ id, name }) => name ?? `step ${id}`).join(', ') || 'none'}.`,
    )
  return steps.map(({ annotations: _, ...step }) => {
    const i = imports.findIndex(({ id }) => id === step.id)
    if (step.operation === 'export')
      return { ...step, params: { ...step.params, path: join(folder, exportName(step.params.path, sources)) } }
    if (i < 0) return step
    const { source: __, name: ___, ...rest } = step
    return { ...rest, params: { ...step.params, path: sources[i] } }
  })
}

const exportName = (path: unknown, [source]: readonly string[]): string =>
  `${basename(source).replace(/\.[^.]+$/, '')}-${basename(path instanceof RecipePath ? path.relative : String(path))}`

async function replayStep(
  project: Project,
  runner: Runner,
  step: Step,
  made: ReadonlyMap<number, Artifact>,
  { folder, signal, log }: ReplayOptions,
): Promise<Artifact> {
  const inputs = Object.fromEntries(
    Object.entries(step.inputs).map(([role, id]) => {
      const input = made.get(id)
      if (!input) throw badRecipe(`step ${step.id} uses step ${id}, which does not come before it`)
      return [role, input.id]
    }),
  )
  const params = resolvePaths(step.params, [folder, dirname(project.path)]) as Record<string, unknown>
  const { operation, seed, device, name } = step
  const artifact = await runToEnd(runner, { operation, inputs, params, seed, device, name }, signal)
  if (artifact.operationVersion !== step.version)
    log?.(
      'warning',
      `${operation}: the recipe was made with version ${step.version}, this is ${artifact.operationVersion}; the result may differ.`,
    )
  checkSource(step, artifact)
  if (step.annotations && !project.readOnly) return project.annotate(artifact.id, step.annotations)
  return artifact
}

function checkSource(step: Step, artifact: Artifact): void {
  const found = (artifact.meta as { source?: { hash?: unknown; absolutePath?: unknown } }).source
  if (!step.source || found?.hash === undefined || found.hash === step.source.hash) return
  throw new StratumError(
    'SOURCE_CHANGED',
    `The source of step ${step.id} (${step.operation}) is not the file the recipe was made with: hash ${String(found.hash)}, expected ${step.source.hash}.`,
    'Put the original file there, or name this one with --source to take it in its place.',
    { path: String(found.absolutePath ?? ''), step: step.id },
  )
}

function parseRecipe(text: string): z.output<typeof Recipe> {
  const document: Document.Parsed = parseDocument(text, { customTags: [pathTag], prettyErrors: true })
  const [error] = document.errors
  if (error) throw badRecipe(error.message.split(/:?\n/)[0], error.linePos?.[0].line)
  if (isScalar(document.contents)) throw badRecipe('a list of steps was expected')
  const parsed = Recipe.safeParse(toPlain(document))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]
  throw badRecipe(`${path.join('.') || 'the file'}: ${message}`)
}

/** Aliases are refused beyond a hundred, so a hostile file cannot blow up. */
function toPlain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (thrown) {
    throw badRecipe(thrown instanceof Error ? thrown.message : String(thrown))
  }
}

const badRecipe = (what: string, line?: number): StratumError =>
  new StratumError(
    'FILE_CORRUPT',
    `This is not a recipe that can be run: ${what}.`,
    'Write it anew with `stratum recipe <project> <artifact>`.',
    line === undefined ? {} : { line },
  )

/** An existing file wins; one that is to be written goes beside the project. */
function resolvePaths(value: unknown, folders: readonly string[]): unknown {
  if (value instanceof RecipePath) {
    const candidates = folders.map((folder) => resolve(folder, value.relative))
    return candidates.find((path) => existsSync(path)) ?? candidates[candidates.length - 1]
  }
  if (Array.isArray(value)) return value.map((it) => resolvePaths(it, folders))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, resolvePaths(it, folders)]))
  return value
}
