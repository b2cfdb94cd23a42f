/** Artifacts as lines and pages of text. */
import type { Artifact } from '#common/domain/artifact.ts'
import { formatCount, formatSeconds, formatTable } from './printer.ts'

export const artifactHeading: readonly string[] = ['no.', 'kind', 'name', 'made by', 'from', 'time']

export const artifactLine = ({ id, kind, name, operation, inputs, seconds, status }: Artifact): string[] => [
  String(id),
  kind,
  name,
  operation,
  Object.values(inputs).join(' ') || '–',
  status === 'done' ? (seconds === null ? '–' : formatSeconds(seconds)) : status === 'running' ? 'interrupted' : status,
]

/** @param withFindings whether to list all that was found, for kinds that have no page of their own */
export function artifactPage(artifact: Artifact, withFindings = true): string {
  const {
    id,
    kind,
    name,
    operation,
    operationVersion,
    inputs,
    params,
    seed,
    device,
    createdAt,
    seconds,
    status,
    meta,
    annotations,
    arrays,
    contentKey,
  } = artifact
  const facts: [string, string][] = [
    ['number', String(id)],
    ['kind', kind],
    ['status', status],
    ['made by', `${operation} ${operationVersion}, seed ${seed}, on ${device}`],
    ...Object.entries(inputs).map(([role, input]): [string, string] => [`from (${role})`, String(input)]),
    ['created', `${createdAt}${seconds === null ? '' : `, in ${formatSeconds(seconds)}`}`],
    ['key', contentKey],
    ...section('parameter', params),
    ...(withFindings ? section('found', meta) : []),
    ...section('annotation', annotations),
    ...arrays.map((array): [string, string] => ['array', `${array.name} ${array.dtype} [${array.shape.map(formatCount).join(' × ')}]`]),
  ]
  return `${name}\n${formatTable(facts.map(([label, text]) => [`  ${label}`, text]))}`
}

const section = (label: string, values: Readonly<Record<string, unknown>>): [string, string][] =>
  Object.entries(values).map(([key, value]) => [label, `${key} = ${brief(value)}`])

/** Long values are cut: `--json` has them whole. */
function brief(value: unknown): string {
  if (Array.isArray(value) && value.length > 8) return `${value.length} entries`
  const text = JSON.stringify(value) ?? '–'
  return text.length > 160 ? `${text.slice(0, 157)}…` : text
}
