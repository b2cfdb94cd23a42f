/** Text of the command line → values of a schema. `key=value` is read as YAML (`k=6`, `layers=[64, 16]`, `as=null`), and as it stands where text is wanted. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import type { z } from 'zod'
import { describeParams } from '../operations/describe.ts'
import { usageError } from './parse.ts'

export type Values = Record<string, unknown>

/** A parameter as JSON Schema, as far as the command line needs it. */
export interface ParameterInfo {
  readonly type?: string
  readonly anyOf?: readonly ParameterInfo[]
  readonly enum?: readonly unknown[]
  readonly items?: ParameterInfo
  readonly properties?: Readonly<Record<string, ParameterInfo>>
  readonly title?: string
  readonly description?: string
  readonly unit?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  /** It matters only while these parameters have one of these values. */
  readonly showWhen?: Readonly<Record<string, readonly unknown[]>>
}

export function parametersOf(schema: z.ZodType): Readonly<Record<string, ParameterInfo>> {
  return (describeParams(schema) as ParameterInfo).properties ?? {}
}

const alternatives = (info: ParameterInfo): readonly ParameterInfo[] => info.anyOf?.flatMap(alternatives) ?? [info]

const isListed = (items: ParameterInfo | undefined): boolean =>
  items !== undefined && alternatives(items).some(({ type }) => type === 'array')

const takesText = (kind: ParameterInfo): boolean => kind.type === 'string' || (kind.enum?.every((it) => typeof it === 'string') ?? false)

export function readValue(text: string, info: ParameterInfo | undefined): unknown {
  const kinds = info ? alternatives(info) : []
  const list = kinds.find(({ type }) => type === 'array')
  if (kinds.some(({ type }) => type === 'null') && (text === 'null' || text === '')) return null
  if (kinds.length > 0 && kinds.every((kind) => kind.type === 'null' || takesText(kind))) return text
  // 'a,b' is a list where one is wanted, and only there; 'a,b;c,d' are lists in a list.
  if (list && isListed(list.items) && !text.trim().startsWith('[')) return text.split(';').map((item) => readValue(item.trim(), list.items))
  if (list && !text.trim().startsWith('[')) return text.split(',').map((item) => readValue(item.trim(), list.items))
  return parseYaml(text)
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return text // the schema then says what it wanted and what came
  }
}

/** codeSize → code-size */
export const toOption = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** Parameters that name files: relative to where the command was typed. `labels` may be a field of the data instead. */
const pathParameters = new Set(['path', 'directory'])
const maybePathParameters = new Set(['labels'])

export function asPath(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (pathParameters.has(name) || (maybePathParameters.has(name) && existsSync(value))) return resolve(value)
  return value
}

/** ['k=6', 'layers=[4, 2]'] → entries. */
export function splitAssignments(texts: readonly string[]): [key: string, text: string][] {
  return texts.map((text) => {
    const at = text.indexOf('=')
    if (at < 1) throw usageError(`--set needs key=value; got '${text}'.`, 'For example --set k=6.')
    return [text.slice(0, at).trim(), text.slice(at + 1)]
  })
}

/**
 * '2,4,8' → a list; '1e-4..1e-2' → a range, with ':5' for the number of values and ':log' or ':linear' for their spacing. Ends that are
 * both above zero and more than ten times apart are spaced in logarithms unless said otherwise.
 */
export function readRange(text: string): unknown {
  const [ends, ...options] = text.split(':')
  const [from, to] = ends.split('..').map(Number)
  if (!ends.includes('..') || Number.isNaN(from) || Number.isNaN(to)) return readValue(text, { type: 'array' })
  const count = options.find((option) => /^\d+$/.test(option))
  const spacing = options.find((option) => !/^\d+$/.test(option)) ?? (from > 0 && to / from > 10 ? 'log' : 'linear')
  return { from, to, ...(count !== undefined && { count: Number(count) }), spacing }
}

/**
 * Of what was given, a sentence for each that changes nothing beside the others: a percentile where the threshold goes by another rule.
 * @param values all parameters, defaults with them
 */
export function idleParameters(known: Readonly<Record<string, ParameterInfo>>, given: readonly string[], values: Values): string[] {
  return given.flatMap((name) => {
    const missing = Object.entries(known[name]?.showWhen ?? {}).find(([other, allowed]) => !allowed.includes(values[other]))
    if (!missing) return []
    const [other, allowed] = missing
    const listed = allowed.length < 5 ? ` It goes with ${other} = ${allowed.map(String).join(' or ')}.` : ''
    return [`'${name}' changes nothing while ${other} is ${String(values[other])}.${listed}`]
  })
}

/** One line of help for a parameter: range, unit, default, description. */
export function parameterLine(name: string, info: ParameterInfo): [name: string, text: string] {
  const [kind] = alternatives(info).filter(({ type }) => type !== 'null')
  const choices = isListed(kind?.items) ? 'such as 1,2;4,5' : kind?.enum ? kind.enum.map(String).join(' | ') : rangeOf(kind ?? info)
  const facts = [
    choices,
    info.unit ?? '',
    info.default === undefined || info.default === null ? '' : `default ${JSON.stringify(info.default)}`,
  ].filter((it) => it !== '')
  const description = [info.title, info.description].filter((it) => it !== undefined).join('. ')
  return [name, `${description}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`]
}

/** zod writes the limits of a safe integer as a range; those say nothing to a user. */
function rangeOf(info: ParameterInfo): string {
  const low = info.minimum ?? info.exclusiveMinimum
  const high = info.maximum ?? info.exclusiveMaximum
  const isReal = (n: number | undefined): n is number => n !== undefined && Math.abs(n) < Number.MAX_SAFE_INTEGER
  if (isReal(low) && isReal(high)) return `${low} … ${high}`
  if (isReal(low)) return `${info.minimum === undefined ? 'more than' : 'at least'} ${low}`
  return isReal(high) ? `at most ${high}` : ''
}
