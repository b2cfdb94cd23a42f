/**
 * Split: one or several classes are clustered again, by themselves, into finer ones; every other class keeps its number and colour.
 * The parts take the numbers of what was split and then the next free ones, the largest first. What no part holds becomes noise.
 * Memory: as cluster's for the rows of these classes; then a block of labels and of codes.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { clusterOperation } from './cluster.ts'
import { defineOperation } from './define.ts'
import { type Descent, inheritedLegend } from './edit/legend.ts'
import { nounOf, storedCentres, writeEditedClasses } from './edit/writeClasses.ts'
import { editedMeta } from './mergeClasses.ts'

const { within: _within, ...clusterParams } = clusterOperation.params.shape

const classes = z.array(z.int().positive()).min(1).meta({
  title: 'Classes to split',
  description: 'Their rows are put together and clustered again.',
})

export const splitClassOperation = defineOperation({
  id: 'split-class',
  version: 1,
  title: 'Split a class',
  summary: 'Clusters the rows of a class again into finer classes; the others stay as they are.',
  inputs: { clustering: { kinds: ['clustering'], description: 'Classes' } },
  params: z.object({ classes, ...clusterParams }),
  produces: 'clustering',
  ignores: ['device'],
  keyed: (given) => ({ ...clusterOperation.keyed?.(clusterOperation.params.parse(methodOf(given))), classes: inOrder(given.classes) }),
  nameFor: ({ classes }, { clustering }) => `${clustering?.name ?? 'classes'}, ${spoken(classes)} split`,
  async run(ctx) {
    const source = ctx.inputs.clustering!
    const meta = source.meta as unknown as ClusteringMeta
    const split = inOrder(ctx.params.classes)
    const part = await ctx.run(
      {
        operation: clusterOperation.id,
        inputs: { latents: meta.latents },
        params: {
          ...methodOf(ctx.params),
          within: { dataset: meta.dataset, all: [{ kind: 'classes', artifact: source.id, classes: split }] },
        },
        seed: ctx.seed,
        name: `${source.name}, parts of ${spoken(split)}`,
      },
      { stage: 'Parts', from: 0, to: 0.7 },
    )
    const parts = part.meta as unknown as ClusteringMeta
    if (parts.k < 2)
      throw new StratumError(
        'DATA_UNSUITABLE',
        `${split.length === 1 ? 'Class' : 'Classes'} ${spoken(split)} ${split.length === 1 ? 'does' : 'do'} not fall into parts.`,
        'Choose another method, or a number of classes.',
        {
          artifact: source.id,
        },
      )
    const { descents, ids, noise } = numbered(meta, split, parts)
    const newOfOld = new Uint16Array(2 ** 16)
    for (const { id, of, part } of descents) if (part === undefined) for (const old of of) newOfOld[old] = id
    const old = ctx.project.array(source.id, 'labels')
    const finer = ctx.project.array(part.id, 'labels')
    const centresOfOld = storedCentres(ctx, source.id)
    const centresOfParts = storedCentres(ctx, part.id)
    const unit = nounOf(ctx, meta)
    const edited = await writeEditedClasses(ctx, meta, {
      labelsOf: (from, to) => {
        const [labels, sub] = [old.read(from, to) as Uint16Array, finer.read(from, to) as Uint16Array]
        return labels.map((label, i) => (sub[i] === 0 ? newOfOld[label] : sub[i] > parts.k ? noise : ids[sub[i] - 1]))
      },
      k: descents.filter(({ isNoise }) => !isNoise).length,
      hasNoise: noise > 0,
      centres: descents
        .filter(({ isNoise }) => !isNoise)
        .map(({ of, part }) => (part === undefined ? centresOfOld.get(of[0]) : centresOfParts.get(part)) ?? null),
      report: (fraction, done) => ctx.report({ stage: 'Splitting', fraction: 0.7 + 0.3 * fraction, done, unit }),
    })
    ctx.draft.annotate({ legend: inheritedLegend(ctx.project, source, descents) })
    return editedMeta(meta, edited, descents, { from: source.id, what: `${spoken(split)} split into ${parts.k}` })
  },
})

const methodOf = ({ classes: _classes, ...method }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => method
const inOrder = (ids: readonly number[]): number[] => [...new Set(ids)].sort((a, b) => a - b)
const spoken = (ids: readonly number[]): string => inOrder(ids).join(' + ')

/** New numbers: `ids` of the parts in their order, `noise` 0 for none. */
function numbered(meta: ClusteringMeta, split: readonly number[], parts: ClusteringMeta) {
  const kept = meta.classes.filter(({ id, isNoise }) => !split.includes(id) && !isNoise).map(({ id }) => id)
  const oldNoise = meta.classes.find(({ id, isNoise }) => isNoise && !split.includes(id))
  const hasNoise = oldNoise !== undefined || parts.classes.some(({ isNoise }) => isNoise)
  const k = kept.length + parts.k
  const taken = new Set(kept)
  // Numbers of split classes first, lowest first; with fewer parts than those the highest numbers move down into the gaps.
  const free = Array.from({ length: k }, (_, i) => i + 1).filter((id) => !taken.has(id))
  const moved = kept.filter((id) => id > k)
  const ids = free.slice(0, parts.k)
  const newIdOf = (id: number): number => (id <= k ? id : free[parts.k + moved.indexOf(id)])
  const descents: Descent[] = [
    ...kept.map((id) => ({ id: newIdOf(id), isNoise: false, of: [id] })),
    ...ids.map((id, i) => ({ id, isNoise: false, of: [split[0]], part: i + 1 })),
    ...(hasNoise ? [{ id: k + 1, isNoise: true, of: oldNoise ? [oldNoise.id] : [] }] : []),
  ]
  return { descents: descents.sort((a, b) => a.id - b.id), ids, noise: hasNoise ? k + 1 : 0 }
}
