/** Parameters of clustering: those of all methods, and what every method shares. */
import { z } from 'zod'
import { RowSelection } from '#common/domain/selection.ts'
import type { ClusteringMethod } from '../../analysis/clustering/define.ts'
import { clusterings } from '../../analysis/clustering/registry.ts'
import { methodEnum, methodIn, shapeOfMethods } from '../../analysis/methods/define.ts'
import { type KCriterion, kCriteria, kCriterionTitles } from '../../analysis/validity/chooseKVerdicts.ts'
import type { OperationContext } from '../define.ts'

/** Beyond so many rows `auto` learns from small draws. */
const fewRows = 2_000_000
const methodIds = clusterings.map(({ id }) => id)
const methodsWithK = clusterings.filter(({ takesK }) => takesK).map(({ id }) => id)

export const clusterParams = z.object({
  method: methodEnum(['auto', ...methodIds], clusterings, { auto: 'k-means, as the rows allow' })
    .default('auto')
    .meta({ title: 'Method', description: 'The usual choice is k-means, in mini-batches beyond 2 million rows.' }),
  ...shapeOfMethods(clusterings, 'method', { 'k-means': ['auto'], 'mini-batch k-means': ['auto'] }),
  chooseBy: z
    .enum([...kCriteria, 'all'])
    .default('elbow')
    .meta({
      title: 'Choose k by',
      description:
        'What decides where the number of clusters is left empty; with “most of them” it is the number that most criteria choose.',
      labels: { ...kCriterionTitles, all: 'Most of them' },
      showWhen: { method: ['auto', ...methodsWithK] },
    }),
  criteria: z
    .enum(['quick', 'all'])
    .default('quick')
    .meta({
      title: 'Compare',
      description: 'Gap statistic, BIC and bootstrap stability cluster the rows many times over: minutes where the others take seconds.',
      labels: { quick: 'Quick criteria', all: 'All criteria' },
      showWhen: { method: ['auto', ...methodsWithK] },
      advanced: true,
    }),
  fitRows: z.int().min(1000).max(20_000_000).default(2_000_000).meta({
    title: 'Learn from at most',
    unit: 'rows',
    description:
      'Of more rows than this, or than the method can hold, an even sample is learned from; every row gets a class all the same.',
    advanced: true,
  }),
  within: RowSelection.nullable().default(null).meta({
    title: 'Only these rows',
    description: 'A selection of rows; the others get no class.',
    advanced: true,
  }),
})
/** What every method shares; the others are the method's own. */
export interface Params extends Readonly<Record<string, unknown>> {
  readonly method: string
  readonly k: number | null
  readonly kMax: number
  readonly chooseBy: KCriterion | 'all'
  readonly criteria: 'quick' | 'all'
  readonly fitRows: number
  readonly within: RowSelection | null
}
export type Context = OperationContext<Params>

/** `auto` is known by what it stands for only when the rows are: k-means and its mini-batches have the same parameters. */
export const methodFor = (id: string, validRows = 0): ClusteringMethod =>
  methodIn(clusterings, id === 'auto' ? (validRows > fewRows ? 'mini-batch k-means' : 'k-means') : id)
