/**
 * One command per operation, derived from its declaration: artifacts named by position become its inputs, parameters are options
 * or `--set key=value`. A missing step in between is computed with its defaults (train on a dataset, cluster a model): operationInputs.ts. How options become
 * parameters: operationParameters.ts.
 */
import { resolve } from 'node:path'
import type { Artifact } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { deviceFor } from '../compute/devices/settings.ts'
import type { OperationDefinition } from '../operations/define.ts'
import { type RunRequest, requestFor } from '../operations/runner.ts'
import { resolveSettings } from '../operations/train.ts'
import { estimateFor } from '../service/estimates.ts'
import { estimatePlane } from '../service/planeEstimate.ts'
import { artifactLine } from './artifactText.ts'
import type { Call, Command, Option, Output } from './command.ts'
import { graphOutput } from './graphCommand.ts'
import { bridges, inputsFor, unfitting } from './operationInputs.ts'
import { isRecord, modelChoice, readParameters } from './operationParameters.ts'
import { usageError } from './parse.ts'
import { formatTable } from './printer.ts'
import { pageOf } from './pages.ts'
import { proposalsText, proposedFor, takesProposal } from './proposal.ts'
import { estimateText, planeEstimateText } from './trainingText.ts'
import { parameterLine, parametersOf, toOption, type Values } from './values.ts'
import { inProject, runOptions, threadsOf, type Workspace } from './workspace.ts'

/** The parameter that is given by position, after the artifacts. */
const positionalParameter: Readonly<Record<string, { readonly name: string; readonly many?: boolean; readonly optional?: boolean }>> = {
  import: { name: 'path', many: true },
  export: { name: 'path' },
  'prepare-as': { name: 'path' },
  'import-model': { name: 'path' },
  sample: { name: 'directory' },
}
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
