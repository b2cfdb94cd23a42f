/** The model of commands that train one where none is named: what the window proposes for the data, too. */
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type Proposal, proposals, proposedModel } from '#common/domain/proposedModel.ts'
import type { MatrixMeta } from '#common/domain/results.ts'
import { modelById, models } from '../models/registry.ts'
import type { OperationDefinition } from '../operations/define.ts'
import type { Project } from '../project/project.ts'
import type { Call } from './command.ts'
import { formatTable } from './printer.ts'
import { splitAssignments, type Values } from './values.ts'

export const takesProposal = ({ id }: Pick<OperationDefinition, 'id'>): boolean => id === 'train' || id === 'step-sizes'

export const proposalsText = (): string =>
  `Without --model it is by the data:\n${formatTable(proposals.map(({ suits, model, preset }) => [`  ${suits}`, `--model ${model} --preset ${preset}`]))}`

/** Model and preset, where none is named and the data are; says so. A preset alone names the model that has it. */
export function proposedFor(operation: OperationDefinition, call: Call, project: Project, references: readonly string[]): Values {
  const named = new Set(splitAssignments(call.texts('set')).map(([key]) => key))
  const gives = (name: string): boolean => named.has(name) || call.text(name) !== undefined
  if (!takesProposal(operation) || gives('model')) return {}
  const proposal = forData(project, references)
  if (!proposal) return {}
  if (gives('preset')) {
    const preset = call.text('preset') ?? splitAssignments(call.texts('set')).find(([key]) => key === 'preset')?.[1]
    const having = [modelById(proposal.model), ...models].find(({ presets }) => presets.some(({ id }) => id === preset))
    return { model: having?.id ?? proposal.model }
  }
  const { model, preset, suits } = proposal
  call.printer.log('info', `Model: ${model}, preset ${preset}, which is for ${suits}; --model chooses another.`)
  return { model, preset }
}

function forData(project: Project, references: readonly string[]): Proposal | null {
  for (const reference of references) {
    const artifact = project.artifacts().find(({ id, name }) => String(id) === reference || name === reference)
    if (artifact?.kind === 'dataset') return proposedModel(artifact.meta as unknown as DatasetMeta)
    if (artifact?.kind !== 'matrix') continue
    const { dataset } = artifact.meta as unknown as MatrixMeta
    const { counts, scaling } = artifact.params
    return proposedModel(project.artifact(dataset).meta as unknown as DatasetMeta, counts === 'none' && scaling === 'none')
  }
  return null
}
