/** Commands that say what there is: models, formats, devices, operations, clusterings and scores, each with its parameter schema. */
import { availableParallelism } from 'node:os'
import { clusterings } from '../analysis/clustering/registry.ts'
import { probe } from '../compute/devices/probe.ts'
import { listDevices } from '../compute/devices.ts'
import { readers } from '../data/readers/registry.ts'
import { modelById, models } from '../models/registry.ts'
import { describeOperation, describeParams } from '../operations/describe.ts'
import { operationById, operations } from '../operations/registry.ts'
import { describeModel, describeReader } from '../service/describe.ts'
import type { Command } from './command.ts'
import { graphCommand } from './graphCommand.ts'
import { inspectCommand } from './inspectCommand.ts'
import { formatTable } from './printer.ts'
import { type ParameterInfo, parameterLine } from './values.ts'

/** Title lines, each with its parameters indented below. */
function pages(
  entries: readonly {
    readonly id: string
    readonly title: string
    readonly summary: string
    readonly params: Readonly<Record<string, unknown>>
    readonly extra?: readonly [string, string][]
  }[],
): string {
  return entries
    .map(({ id, title, summary, params, extra = [] }) => {
      const properties = Object.entries((params as ParameterInfo).properties ?? {}).map(([name, info]) => parameterLine(name, info))
      const lines = [...extra, ...properties].map(([name, text]) => [`  ${name}`, text])
      return `${id}: ${title}. ${summary}${lines.length > 0 ? `\n${formatTable(lines)}` : ''}`
    })
    .join('\n\n')
}

const modelsCommand: Command = {
  name: 'models',
  usage: '[model]',
  summary: 'Lists the models with their parameters and presets: when to use which, and the paper; or one of them.',
  async run({ arguments: [id] }) {
    const result = (id === undefined ? models : [modelById(id)]).map(describeModel)
    const text = pages(
      result.map((model) => ({
        ...model,
        extra: [
          ['use when', model.useWhen],
          ['avoid when', model.avoidWhen],
          ['paper', model.paper],
          ...model.presets.map(({ id: preset, summary }): [string, string] => [`preset ${preset}`, summary]),
        ],
      })),
    )
    return { result, text }
  },
}

const operationsCommand: Command = {
  name: 'operations',
  usage: '',
  summary: 'Lists the operations with their inputs and parameters.',
  async run() {
    const result = operations.map(describeOperation)
    const text = pages(
      result.map((it) => ({
        ...it,
        extra: Object.entries(it.inputs).map(([role, { kinds, optional, description }]): [string, string] => [
          `input ${role}`,
          `${kinds.join(' or ')}${optional ? ', may be left out' : ''}. ${description}`,
        ]),
      })),
    )
    return { result, text }
  },
}

/** The methods of one operation, which are the choices of its parameter `method` where it has one. */
const methodsCommand = (name: string, operation: string, summary: string): Command => ({
  name,
  usage: '',
  summary,
  async run() {
    const described = describeOperation(operationById(operation))
    const { method } = (described.params as ParameterInfo).properties ?? {}
    const methods = method?.enum?.map(String) ?? [described.id]
    const result = methods.map((id) => ({
      id,
      operation,
      title: described.title,
      summary: described.summary,
      citation: described.citation,
      params: described.params,
    }))
    return { result, text: `${methods.join(', ')}\n\n${pages([described])}` }
  },
})

const clusteringsCommand: Command = {
  name: 'clusterings',
  usage: '',
  summary: 'Lists the clustering methods with their parameters.',
  async run() {
    const result = clusterings.map(({ id, title, summary, useWhen, paper, params }) => ({
      id,
      operation: 'cluster',
      title,
      summary,
      useWhen,
      citation: paper,
      params: describeParams(params),
    }))
    return { result, text: pages(result.map((it) => ({ ...it, extra: [['use when', it.useWhen] as [string, string]] }))) }
  },
}

const formats: Command = {
  name: 'formats',
  usage: '',
  summary: 'Lists the file formats that can be imported, with their options.',
  async run() {
    const result = readers.map(describeReader)
    return {
      result,
      text: pages(
        result.map((it) => ({
          ...it,
          summary: [it.kind, it.extensions.map((extension) => `.${extension}`).join(' ') || 'folders'].join(', '),
          params: it.options,
        })),
      ),
    }
  },
}

const devices: Command = {
  name: 'devices',
  usage: '',
  summary: 'Lists where models can be computed, how fast each multiplies matrices, and why a device is absent.',
  async run() {
    const result = []
    for (const device of await listDevices()) {
      const { gflops } = device.available ? await probe(device.id, availableParallelism()) : { gflops: null }
      result.push({ ...device, gflops })
    }
    const speed = (gflops: number | null): string => (gflops === null ? '' : `${gflops.toPrecision(3)} GFLOP/s`)
    return {
      result,
      text: formatTable(
        result.map(({ id, title, available, gflops, reason }) => [id, available ? 'ready' : 'absent', speed(gflops), title, reason]),
      ),
    }
  },
}

export const registryCommands: readonly Command[] = [
  inspectCommand,
  modelsCommand,
  graphCommand,
  clusteringsCommand,
  methodsCommand('scores', 'score', 'Lists the anomaly scores with their parameters.'),
  formats,
  devices,
  operationsCommand,
]
