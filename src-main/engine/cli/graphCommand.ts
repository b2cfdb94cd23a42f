/** What a model's training and encoding were compiled to, as text. */
import { describeProgram, type ProgramDescription } from '../compute/describe.ts'
import type { ModelDefinition } from '../models/define.ts'
import { modelById } from '../models/registry.ts'
import { parseParams, unknownParameter } from '../operations/parameters.ts'
import { resolveSettings } from '../operations/train.ts'
import { programsOf } from '../train/programs.ts'
import type { Command, Output } from './command.ts'
import { formatCount } from './printer.ts'
import { parametersOf, readValue, splitAssignments } from './values.ts'

/** The programs of a model for rows of so many columns; `counts` leaves the operations out. */
export function graphOutput(model: ModelDefinition, settings: Readonly<Record<string, unknown>>, columns: number, counts: boolean): Output {
  const described = programsOf(model, settings, columns).map(describeProgram)
  const result = counts ? described.map(({ text: _, ...rest }) => rest) : described
  const text = described.map((one) => (counts ? heading(one) : `${heading(one)}\n${one.text}`)).join('\n\n')
  return { result, text: text || `${model.title} is solved in closed form; there is no program to show.` }
}

function heading({ title, kernelCalls, nodes, used, onnxNodes, parts, bytes }: ProgramDescription): string {
  const runs =
    parts.length === 1 ? `${formatCount(bytes)} bytes` : `${parts.length} parts (${parts.join(', ')}), ${formatCount(bytes)} bytes of ONNX`
  return `# ${title}\n# ${kernelCalls} kernel calls → ${nodes} nodes → ${used} used → ${onnxNodes} ONNX nodes; ${runs}`
}

export const graphCommand: Command = {
  name: 'graph',
  usage: '<model>',
  summary: 'Shows what the training and encoding of a model are compiled to.',
  options: [
    { name: 'columns', value: '<n>', description: 'Columns of the data (default 10)' },
    { name: 'preset', value: '<id>', description: 'A named set of settings' },
    { name: 'set', value: '<key=value>', many: true, description: "One of the model's settings, as often as needed" },
    { name: 'counts', description: 'Only how many kernel calls, nodes and bytes' },
  ],
  async run(call) {
    const model = modelById(call.arguments[0])
    const known = parametersOf(model.params)
    const given = splitAssignments(call.texts('set')).map(([key, text]) => {
      if (!Object.hasOwn(known, key)) throw unknownParameter(model.title, key, Object.keys(known))
      return [key, readValue(text, known[key])] as const
    })
    const settings = parseParams(model.title, model.params, resolveSettings(model, call.text('preset') ?? null, Object.fromEntries(given)))
    return graphOutput(model, settings, call.integer('columns', 1) ?? 10, call.isSet('counts'))
  },
}
