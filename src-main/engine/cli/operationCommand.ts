/**
 * One command per operation, derived from its declaration: artifacts named by position become its inputs, parameters are options
 * or `--set key=value`. A missing step in between is computed with its defaults (train on a dataset, cluster a model).
 */
import { resolve } from 'node:path'
import type { Artifact, ArtifactKind } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { holdsRawCells } from '#common/domain/proposedModel.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { deviceFor } from '../compute/devices/settings.ts'
import { readerFor } from '../data/readers/registry.ts'
import { optionsOf } from '../data/series/options.ts'
import { preparationFor } from '../models/define.ts'
import { modelById, models } from '../models/registry.ts'
import type { OperationDefinition } from '../operations/define.ts'
import { parseParams, unknownParameter } from '../operations/parameters.ts'
import { type RunRequest, requestFor } from '../operations/runner.ts'
import { resolveSettings } from '../operations/train.ts'
import { estimateFor } from '../service/estimates.ts'
import { estimatePlane } from '../service/planeEstimate.ts'
import { artifactLine } from './artifactText.ts'
import type { Call, Command, Option, Output } from './command.ts'
import { graphOutput } from './graphCommand.ts'
import { usageError } from './parse.ts'
import { formatTable } from './printer.ts'
import { pageOf } from './pages.ts'
import { proposalsText, proposedFor, takesProposal } from './proposal.ts'
import { estimateText, planeEstimateText } from './trainingText.ts'
import {
  asPath,
  idleParameters,
  type ParameterInfo,
  parameterLine,
  parametersOf,
  readRange,
  readValue,
  splitAssignments,
  toOption,
  type Values,
} from './values.ts'
import { inProject, runOptions, threadsOf, type Workspace } from './workspace.ts'

/** The parameter that is given by position, after the artifacts. */
const positionalParameter: Readonly<Record<string, { readonly name: string; readonly many?: boolean; readonly optional?: boolean }>> = {
  import: { name: 'path', many: true },
  export: { name: 'path' },
  'prepare-as': { name: 'path' },
  'import-model': { name: 'path' },
  sample: { name: 'directory' },
}
/** Steps with good defaults that fill a gap: what they are made from → how. */
const bridges: readonly {
  readonly from: ArtifactKind
  readonly to: ArtifactKind
  readonly operation: string
  readonly role: string
  /** Only for this operation, and then before others. */
  readonly only?: string
}[] = [
  { from: 'dataset', to: 'matrix', operation: 'prepare-as', role: 'dataset', only: 'import-model' },
  { from: 'dataset', to: 'matrix', operation: 'prepare', role: 'dataset' },
  { from: 'model', to: 'latents', operation: 'encode', role: 'model' },
]

/** Whether its free settings are those of a model that it names. */
const trainsModel = ({ id }: OperationDefinition): boolean => ['train', 'sweep', 'step-sizes', 'score-nodes'].includes(id)
const isRecord = (info: ParameterInfo): boolean => info.type === 'object' && info.properties === undefined

export function operationCommand(operation: OperationDefinition): Command {
  const parameters = parametersOf(operation.params)
  const positional = positionalParameter[operation.id]
  const free = Object.keys(parameters).find((name) => isRecord(parameters[name]))
  const own = Object.entries(parameters).filter(([name]) => name !== positional?.name && name !== free)
  return {
    name: operation.id,
    usage: usageOf(operation),
    summary: operation.summary,
    options: [
      ...own.map(
        ([name, info]): Option => ({
          name: toOption(name),
          value: '<value>',
          description: parameterLine(name, takesProposal(operation) && name === 'model' ? { ...info, default: 'by the data' } : info)[1],
        }),
      ),
      ...extraOptions(operation, free),
      ...runOptions,
    ],
    details: free ? () => detailsOf(operation, free) : undefined,
    run: (call) => runOperation(operation, call),
  }
}

function detailsOf(operation: OperationDefinition, free: string): string {
  const settings = `--set key=value sets ${free === 'settings' ? "the model's parameters; `stratum models` lists them" : `${free} of the file's format; \`stratum formats\` lists them`}.`
  return takesProposal(operation) ? `${settings}\n\n${proposalsText()}` : settings
}

function extraOptions(operation: OperationDefinition, free: string | undefined): readonly Option[] {
  const set: Option = {
    name: 'set',
    value: '<key=value>',
    many: true,
    description: free ? `A parameter or one of the ${free}, as often as needed` : 'A parameter, as often as needed',
  }
  if (operation.id === 'sweep') {
    const description = 'Values of a parameter: codeSize=2,4,8 or learningRate=1e-4..1e-2, with :n values and :log or :linear spacing'
    return [set, { name: 'try', value: '<key=values>', many: true, description }]
  }
  if (operation.id === 'embed')
    return [set, { name: 'estimate', description: 'Say what it would cost in time and memory, and compute nothing' }]
  if (operation.id !== 'train') return [set]
  return [
    set,
    { name: 'epochs', value: '<n>', description: 'Short for --set epochs=<n>, for models that have it' },
    { name: 'resume', description: 'Go on with the training that was interrupted last; needs only the project' },
    { name: 'estimate', description: 'Say what it would cost in time and memory, and train nothing' },
    { name: 'dump-graph', description: 'Show what the training is compiled to, and train nothing; see also `stratum graph`' },
  ]
}

function usageOf(operation: OperationDefinition): string {
  const positional = positionalParameter[operation.id]
  const roles = Object.values(operation.inputs)
  const words = roles.slice(0, 2).map(({ kinds, optional }, i) => {
    const sources = bridges.filter(({ to }) => kinds.includes(to) && !optional).map(({ from }) => from)
    const shown = [...new Set([...kinds, ...sources])].join('|') + (i === 1 && roles.length > 2 ? '…' : '')
    return optional || operation.id === 'train' ? `[${shown}]` : `<${shown}>`
  })
  const last = positional ? [positional.optional ? `[${positional.name}]` : `<${positional.name}${positional.many ? '…' : ''}>`] : []
  return ['<project>', ...words, ...last].join(' ')
}

async function runOperation(operation: OperationDefinition, call: Call): Promise<Output> {
  const [path, ...rest] = call.arguments
  if (operation.id === 'train' && call.isSet('dump-graph')) return dumpGraph(operation, call, path, rest)
  const positional = positionalParameter[operation.id]
  const pages: string[] = []
  const made = await inProject(call, path, async (workspace) => {
    if (operation.id === 'train' && call.isSet('resume')) return [await resume(workspace)]
    const nFiles = positional ? (positional.many ? rest.length : 1) : 0
    const files = positional ? rest.slice(rest.length - nFiles) : []
    const references = rest.slice(0, rest.length - nFiles)
    const device = await deviceFor(workspace.project, operation, call.text('device'))
    const base = { operation: operation.id, seed: call.integer('seed', 0), device, name: call.text('name') }
    if (operation.id === 'train' && call.isSet('estimate')) return await estimated(operation, call, workspace, references, base)
    if (operation.id === 'embed' && call.isSet('estimate')) return await estimatedPlane(operation, call, workspace, references, base)
    const results: Artifact[] = []
    for (const file of positional ? files : [undefined]) {
      const given = file === undefined ? {} : { [(positional as { name: string }).name]: resolve(file) }
      const params = await readParameters(operation, call, { ...proposedFor(operation, call, workspace.project, references), ...given })
      const inputs = await inputsFor(workspace, operation, references, params, base)
      const artifact = await workspace.compute({ ...base, inputs, params })
      results.push(artifact)
      sayName(call, artifact)
      const page = pageOf(workspace.project, artifact)
      if (page !== '') pages.push(page)
    }
    return results
  })
  if ('text' in made) return made
  return { result: made.length === 1 ? made[0] : made, text: [formatTable(made.map(artifactLine)), ...pages].join('\n') }
}

/** A name is given to what is made; what was there keeps its own, and one that is taken gets a number. */
function sayName({ printer, text }: Call, { id, name }: Artifact): void {
  const wanted = text('name')?.trim()
  if (wanted && wanted !== name)
    printer.log(
      'warning',
      `It is called “${name}” and not “${wanted}”: it was there already, or that name was taken. See stratum rename <project> ${id}.`,
    )
}

type Estimating = (
  operation: OperationDefinition,
  call: Call,
  workspace: Workspace,
  references: readonly string[],
  base: Pick<RunRequest, 'seed' | 'device'>,
) => Promise<Output>

/** The price of a training on prepared rows; a dataset is prepared for it, for only then it is known how many rows there are. */
const estimated: Estimating = async (operation, call, workspace, references, base) => {
  const params = await readParameters(operation, call, proposedFor(operation, call, workspace.project, references))
  const inputs = await inputsFor(workspace, operation, references, params, base)
  if (inputs.matrix === undefined) throw usageError('--estimate needs a dataset or a matrix.', 'Name one after the project.')
  const { columns, conditions = 0, trainRows, holdoutRows } = workspace.project.artifact(inputs.matrix).meta as unknown as MatrixMeta
  const { model, preset, settings } = params as { model: string; preset: string | null; settings: Values }
  const asked = { model, preset, settings, columns: columns.length, conditions, rows: trainRows, holdoutRows, time: true }
  const result = await estimateFor(asked, placeOfEstimate(call, workspace))
  return { result, text: estimateText(result) }
}

/** The price of a plane of codes; rows are encoded for it, for only then it is known how many have a code. */
const estimatedPlane: Estimating = async (operation, call, workspace, references, base) => {
  const params = await readParameters(operation, call, {})
  const { latents } = await inputsFor(workspace, operation, references, params, base)
  const result = await estimatePlane({ latents, params }, placeOfEstimate(call, workspace))
  return { result, text: planeEstimateText(result) }
}

/** With the threads that the work itself would have. */
const placeOfEstimate = (call: Call, { project }: Workspace) => ({
  project,
  isBusy: false,
  signal: call.signal,
  threads: threadsOf(call, project),
})

/** The programs for the columns of a dataset or a matrix, the first artifact named. */
async function dumpGraph(operation: OperationDefinition, call: Call, path: string, references: readonly string[]): Promise<Output> {
  if (references.length === 0)
    throw usageError('--dump-graph needs a dataset or a matrix.', 'Or use `stratum graph <model> --columns <n>`.')
  const { columns, proposed } = await inProject(call, path, async ({ project }) => {
    const artifact = project.find(references[0])
    if (artifact.kind !== 'dataset' && artifact.kind !== 'matrix') throw unfitting(operation, artifact, false)
    return {
      columns: (artifact.meta.columns as readonly unknown[]).length,
      proposed: proposedFor(operation, call, project, references),
    }
  })
  const params = await readParameters(operation, call, proposed)
  const { model } = modelChoice(operation, params)
  const { preset, settings } = params as { preset: string | null; settings: Values }
  return graphOutput(model, resolveSettings(model, preset, settings), columns, false)
}

/** Options, `--set` and the file by position as the operation's parameters, checked before anything is computed. */
export async function readParameters(operation: OperationDefinition, call: Call, given: Values): Promise<Values> {
  const known = parametersOf(operation.params)
  const free = Object.keys(known).find((name) => isRecord(known[name]))
  const params: Values = { ...given }
  const settings: [string, string][] = []
  const typed: string[] = []
  const put = (name: string, text: string): void => {
    if (Object.hasOwn(params, name)) throw usageError(`'${name}' is given twice.`, 'Give it once.')
    params[name] = asPath(name, readValue(text, known[name]))
    typed.push(name)
  }
  for (const name of Object.keys(known)) {
    const text = name === free || Object.hasOwn(given, name) ? undefined : call.text(toOption(name))
    if (text !== undefined) put(name, text)
  }
  for (const [key, text] of splitAssignments(call.texts('set'))) {
    if (Object.hasOwn(known, key) && key !== free) put(key, text)
    else if (free) settings.push([key, text])
    else throw unknownParameter(operation.title, key, Object.keys(known))
  }
  if (operation.id === 'sweep' && call.texts('try').length > 0) {
    if (params.ranges !== undefined) throw usageError('--try and --ranges say the same.', 'Give one of them.')
    params.ranges = Object.fromEntries(splitAssignments(call.texts('try')).map(([key, text]) => [key, readRange(text)]))
  }
  const epochs = operation.id === 'train' ? call.text('epochs') : undefined
  if (epochs !== undefined) settings.push(['epochs', epochs])
  if (free) params[free] = await readSettings(operation, call, params, settings)
  const values = parseParams(operation.title, operation.params, params)
  sayIdle(call, known, typed, values)
  return values
}

const sayIdle = ({ printer }: Call, ...parameters: Parameters<typeof idleParameters>): void => {
  for (const sentence of idleParameters(...parameters)) printer.log('warning', sentence)
}

/** What a model or a format lets the user choose: only what was given is returned, after all of it was checked. */
async function readSettings(
  operation: OperationDefinition,
  call: Call,
  params: Values,
  settings: readonly [string, string][],
): Promise<Values> {
  // The model and the preset are looked up even so: a wrong name should not first prepare the data.
  if (settings.length === 0 && !trainsModel(operation)) return {}
  const { title, schema, preset } = await settingsSchema(operation, params)
  const known = parametersOf(schema)
  const values: Values = {}
  for (const [key, text] of settings) {
    if (!Object.hasOwn(known, key)) throw unknownParameter(title, key, Object.keys(known))
    if (Object.hasOwn(values, key)) throw usageError(`'${key}' is given twice.`, 'Give it once.')
    values[key] = readValue(text, known[key])
  }
  sayIdle(call, known, Object.keys(values), parseParams(title, schema, { ...preset, ...values }))
  return values
}

async function settingsSchema(operation: OperationDefinition, params: Values) {
  if (trainsModel(operation)) {
    const { model, preset } = modelChoice(operation, params)
    return { title: model.title, schema: model.params, preset: preset?.params ?? {} }
  }
  if (operation.id === 'import') {
    const as = params.as === undefined || params.as === null || params.as === 'series' ? undefined : String(params.as)
    const reader = await readerFor(String(params.path), as)
    return { title: reader.title, schema: optionsOf(reader), preset: {} }
  }
  throw new StratumError(
    'INTERNAL',
    `${operation.id} has free settings that the command line does not know.`,
    'Send this line to the authors.',
  )
}

/** @throws UNKNOWN_MODEL, PARAMETER_INVALID for an unknown preset */
function modelChoice(operation: OperationDefinition, params: Values) {
  const { model: id, preset: wanted } = parseParams(operation.title, operation.params, params) as { model: string; preset: string | null }
  const model = modelById(id)
  const preset = model.presets.find((it) => it.id === wanted)
  if (wanted !== null && !preset)
    throw new StratumError(
      'PARAMETER_INVALID',
      `${model.title} has no preset '${wanted}'.`,
      `Its presets: ${model.presets.map((it) => it.id).join(', ') || 'none'}.`,
      { parameter: 'preset' },
    )
  return { model, preset }
}

/** What the step in between needs to know of the operation it is for: models and presets may want their own preparation of the source. */
function bridgeParams(bridge: string, operation: OperationDefinition, source: Artifact, params: Values): Values {
  if (bridge === 'prepare-as') return { path: params.path }
  if (bridge !== 'prepare' || !trainsModel(operation)) return {}
  const { model, preset } = modelChoice(operation, params)
  return preparationFor(model, preset, source.kind === 'dataset' && holdsRawCells(source.meta as unknown as DatasetMeta))
}

/** @throws ARTIFACT_NOT_FOUND, which says so where a model to train is meant */
function findInput({ project }: Workspace, operation: OperationDefinition, reference: string): Artifact {
  try {
    return project.find(reference)
  } catch (thrown) {
    const isModel = 'model' in operation.params.shape && models.some(({ id }) => id === reference)
    if (!isModel || !(thrown instanceof StratumError)) throw thrown
    throw new StratumError(
      thrown.code,
      `There is no artifact named '${reference}' in this project.`,
      `To train that model, write --model ${reference}.`,
      thrown.where,
      thrown,
    )
  }
}

/** Artifacts by position → roles. One that does not fit is brought to a kind that does, where one step with its defaults can. */
async function inputsFor(
  workspace: Workspace,
  operation: OperationDefinition,
  references: readonly string[],
  params: Values,
  base: Pick<RunRequest, 'seed' | 'device'>,
): Promise<Record<string, number>> {
  const inputs: Record<string, number> = {}
  // All are looked up before anything is computed for the first.
  for (const artifact of references.map((reference) => findInput(workspace, operation, reference))) {
    const open = Object.entries(operation.inputs).filter(([role]) => inputs[role] === undefined)
    const declared = (kind: ArtifactKind) => open.find(([, { kinds }]) => kinds.includes(kind))
    const accepted = (kind: ArtifactKind) =>
      open.find(([role, { kinds }]) => kinds.includes(kind) && (operation.accepts?.(role, kind, params) ?? true))
    const bridge = bridges.find(({ from, to, only = operation.id }) => only === operation.id && from === artifact.kind && accepted(to))
    const fitting = accepted(artifact.kind) ?? (bridge ? undefined : declared(artifact.kind))
    if (fitting) {
      inputs[fitting[0]] = artifact.id
      continue
    }
    const role = bridge && accepted(bridge.to)?.[0]
    if (!bridge || role === undefined) throw unfitting(operation, artifact, open.length === 0)
    const { seed, device } = base
    inputs[role] = (
      await workspace.compute({
        operation: bridge.operation,
        inputs: { [bridge.role]: artifact.id },
        params: bridgeParams(bridge.operation, operation, artifact, params),
        seed,
        device,
      })
    ).id
  }
  return inputs
}

function unfitting(operation: OperationDefinition, artifact: Artifact, isFull: boolean): StratumError {
  const wanted = [...new Set(Object.values(operation.inputs).flatMap(({ kinds }) => kinds))]
  const message = isFull
    ? `${operation.title} takes no further artifact; '${artifact.name}' is one too many.`
    : `${operation.title} needs ${wanted.join(' or ')}; artifact ${artifact.id} (${artifact.name}) is ${artifact.kind}.`
  return new StratumError('ARTIFACT_KIND', message, 'List the artifacts with `stratum list` and choose another.', { artifact: artifact.id })
}

async function resume({ project, compute }: Workspace): Promise<Artifact> {
  const interrupted = project
    .artifacts()
    .filter(({ status, operation }) => status === 'running' && operation === 'train')
    .at(-1)
  if (!interrupted)
    throw new StratumError(
      'ARTIFACT_NOT_FOUND',
      'No interrupted training is in this project.',
      'Start one: stratum train <project> <dataset> --model <id>.',
      { path: project.path },
    )
  return compute(requestFor(interrupted))
}
