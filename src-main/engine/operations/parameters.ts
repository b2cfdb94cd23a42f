/** Parameters as given → as the operation sees them. A message names the parameter, what is allowed and what came. */
import type { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { nearestName } from './nearest.ts'

type Issue = z.core.$ZodIssue

/** @throws PARAMETER_INVALID; unknown names are refused with the nearest known one */
export function parseParams<Schema extends z.ZodObject>(
  title: string,
  schema: Schema,
  given: Readonly<Record<string, unknown>>,
): z.output<Schema> {
  const parsed = schema.strict().safeParse(given)
  if (parsed.success) return parsed.data as z.output<Schema>
  const issue = parsed.error.issues[0]
  if (issue.code === 'unrecognized_keys') throw unknownParameter(title, issue.keys[0], Object.keys(schema.shape))
  const name = issue.path.join('.')
  const came = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], given)
  throw new StratumError(
    'PARAMETER_INVALID',
    came === undefined
      ? `${title} needs the parameter '${name}' (${allowed(issue)}).`
      : `${title}: '${name}' ${allowed(issue)}; got ${show(came)}.`,
    hintFor(schema, String(issue.path[0] ?? '')),
    { parameter: name },
  )
}

export function unknownParameter(title: string, name: string, known: readonly string[]): StratumError {
  const nearest = nearestName(name, known)
  const hint = nearest ? `Did you mean '${nearest}'?` : known.length > 0 ? `Known: ${known.join(', ')}.` : 'It takes none.'
  return new StratumError('PARAMETER_INVALID', `${title} has no parameter '${name}'.`, hint, { parameter: name })
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function hintFor(schema: z.ZodObject, name: string): string {
  const field = schema.shape[name] as z.ZodType | undefined
  const description = field?.meta()?.description
  return description ? `${name}: ${description}` : `Change '${name}' and start again.`
}

/** What would have been right, in words that follow the parameter's name. */
function allowed(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeWords[issue.expected] ?? issue.expected}`
    case 'too_small':
      return `must ${verbFor(issue.origin)} ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${sizeUnit(issue.origin)}`
    case 'too_big':
      return `must ${verbFor(issue.origin)} ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${sizeUnit(issue.origin)}`
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => String(value)).join(', ')}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `has no ${issue.keys.join(', ')}`
    case 'invalid_union':
      return [...new Set(issue.errors.flat().map(allowed))].join(' or ') || 'does not fit'
    default:
      return issue.message
  }
}

const typeWords: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of key: value',
  record: 'a set of key: value',
  null: 'empty',
}
const verbFor = (origin: string): string => (sizeUnit(origin) === '' ? 'be' : 'have')
const sizeUnit = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' || origin === 'set' ? ' entries' : ''
