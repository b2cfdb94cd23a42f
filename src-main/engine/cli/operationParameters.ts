/** Options of an operation's command as its parameters: its own, and those that a model or a format lets the user choose. */
import { StratumError } from '#common/errors.ts'
import { readerFor } from '../data/readers/registry.ts'
import { optionsOf } from '../data/series/options.ts'
import { modelById } from '../models/registry.ts'
import type { OperationDefinition } from '../operations/define.ts'
import { parseParams, unknownParameter } from '../operations/parameters.ts'
import type { Call } from './command.ts'
import { usageError } from './parse.ts'
import {
  asPath,
  idleParameters,
  type ParameterInfo,
  parametersOf,
  readRange,
  readValue,
  splitAssignments,
  toOption,
  type Values,
} from './values.ts'

/** Whether its free settings are those of a model that it names. */
export const trainsModel = ({ id }: OperationDefinition): boolean => ['train', 'sweep', 'step-sizes', 'score-nodes'].includes(id)
/** A parameter that holds settings of something else. */
export const isRecord = (info: ParameterInfo): boolean => info.type === 'object' && info.properties === undefined

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
export function modelChoice(operation: OperationDefinition, params: Values) {
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
