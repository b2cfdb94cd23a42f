/** Which label values count as anomalous: the parameter that says it, and what follows for labels as they were read. */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import { isNormalLabel } from '../data/normalLabels.ts'
import { listed } from './evaluate/words.ts'

/** Wherever labels tell anomalous rows from normal ones. @param where when a form shows it, and in which group */
export const anomalousParam = (where: { readonly showWhen?: Readonly<Record<string, readonly string[]>>; readonly group?: string } = {}) =>
  z
    .array(z.string())
    .default([])
    .meta({
      title: 'Anomalous are',
      ...where,
      labels: { '': 'as usual' },
      description:
        'Label values that count as anomalous for scores, all others as normal. By default all but 0 and words such as normal, benign or healthy.',
    })

/** In a key only where something was chosen, so that results from before it could be chosen are found again. */
export const keyedAnomalous = (anomalous: readonly string[]): readonly string[] | undefined =>
  anomalous.length > 0 ? [...new Set(anomalous)].sort() : undefined

/**
 * By position among `names`: whether it counts as anomalous.
 * @throws PARAMETER_INVALID where no row has a label that was chosen
 */
export function anomalousAmong(names: readonly string[], chosen: readonly string[]): boolean[] {
  const unknown = chosen.filter((value) => !names.includes(value))
  if (unknown.length > 0)
    throw new StratumError(
      'PARAMETER_INVALID',
      `No row is labelled ${unknown.map((value) => `“${value}”`).join(', ')}.`,
      `The labels are ${listed(names)}.`,
      { parameter: 'anomalous' },
    )
  return names.map((name) => (chosen.length > 0 ? chosen.includes(name) : !isNormalLabel(name)))
}

export const wayToTell = 'Set “Anomalous are” to the label values that are anomalous, or label normal rows 0 or normal.'

/** Why labels tell nothing apart: all of them count as the same. Null where both kinds are among them, or none is there. */
export function oneKindOnly(names: readonly string[], isAnomalous: readonly boolean[]): string | null {
  if (new Set(isAnomalous).size !== 1) return null
  const all = names.map((name) => `“${name}”`)
  return isAnomalous[0]
    ? `Nothing says which rows are normal: the labels are ${listed(all)}, and none of them counts as normal.`
    : `No row is anomalous by these labels: ${listed(all)} ${all.length === 1 ? 'counts' : 'count'} as normal.`
}

/** “fault”, “warning” count as anomalous */
export const countAsAnomalous = (chosen: readonly string[]): string =>
  `${listed(chosen.map((value) => `“${value}”`))} ${chosen.length === 1 ? 'counts' : 'count'} as anomalous`
