/**
 * Merge: classes that belong together become one. A merged class takes the lowest of its numbers, and gaps close, so the others keep
 * their order; names and colours go along. Memory: a block of labels and of codes.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { defineOperation } from './define.ts'
import { type Descent, inheritedLegend } from './edit/legend.ts'
import { nounOf, storedCentres, writeEditedClasses } from './edit/writeClasses.ts'

const groups = z
  .array(z.array(z.int().positive()).min(2))
  .min(1)
  .meta({ title: 'Classes to merge', description: 'Groups of class numbers; each group becomes one class.' })

export const mergeClassesOperation = defineOperation({
  id: 'merge-classes',
  version: 1,
  title: 'Merge classes',
  summary: 'Makes one class of several; the other classes, names and colours stay.',
  inputs: { clustering: { kinds: ['clustering'], description: 'Classes' } },
  params: z.object({ groups }),
  produces: 'clustering',
  ignores: ['seed', 'device'],
  // The same groups in another order are the same.
  keyed: ({ groups }) => ({ groups: inOrder(groups) }),
  nameFor: ({ groups }, { clustering }) => `${clustering?.name ?? 'classes'}, ${spoken(groups)} merged`,
  async run(ctx) {
    const source = ctx.inputs.clustering!
    const meta = source.meta as unknown as ClusteringMeta
    const descents = merged(meta, inOrder(ctx.params.groups), source.id)
    const newId = new Uint16Array(2 ** 16)
    for (const { id, of } of descents) for (const old of of) newId[old] = id
    const hasNoise = descents.some(({ isNoise }) => isNoise)
    const old = ctx.project.array(source.id, 'labels')
    const centres = storedCentres(ctx, source.id)
    const unit = nounOf(ctx, meta)
    const edited = await writeEditedClasses(ctx, meta, {
      labelsOf: (from, to) => (old.read(from, to) as Uint16Array).map((label) => newId[label]),
      k: descents.length - (hasNoise ? 1 : 0),
      hasNoise,
      centres: descents.filter(({ isNoise }) => !isNoise).map(({ of }) => (of.length === 1 ? (centres.get(of[0]) ?? null) : null)),
      report: (fraction, done) => ctx.report({ stage: 'Merging classes', fraction, done, unit }),
    })
    ctx.draft.annotate({ legend: inheritedLegend(ctx.project, source, descents) })
    return editedMeta(meta, edited, descents, { from: source.id, what: `${spoken(inOrder(ctx.params.groups))} merged` })
  },
})

/** What is left of a clustering's meta once classes were changed by hand. */
export function editedMeta(
  meta: ClusteringMeta,
  edited: Pick<ClusteringMeta, 'classes' | 'inertia' | 'silhouette'>,
  descents: readonly Descent[],
  what: NonNullable<ClusteringMeta['edited']>,
): ClusteringMeta {
  const { tree: _tree, figures: _figures, recommendations: _recommendations, ...kept } = meta
  const k = descents.filter(({ isNoise }) => !isNoise).length
  return { ...kept, ...edited, k, kCurve: [], chosenBecause: 'edited by hand', edited: what }
}

const inOrder = (groups: readonly (readonly number[])[]): number[][] =>
  groups.map((group) => [...new Set(group)].sort((a, b) => a - b)).sort((a, b) => a[0] - b[0])

const spoken = (groups: readonly (readonly number[])[]): string => groups.map((group) => group.join(' + ')).join(', ')

/** New classes in order of their lowest old number, noise last. @throws PARAMETER_INVALID */
function merged({ classes }: ClusteringMeta, groups: readonly (readonly number[])[], clustering: number): Descent[] {
  const refuse = (message: string, hint: string): never => {
    throw new StratumError('PARAMETER_INVALID', message, hint, { parameter: 'groups', artifact: clustering })
  }
  const known = new Map(classes.map((one) => [one.id, one]))
  const seen = new Set<number>()
  for (const group of groups) {
    if (group.length < 2) refuse(`Class ${group[0]} stands alone in its group.`, 'Name at least two classes to merge.')
    for (const id of group) {
      if (!known.has(id)) refuse(`There is no class ${id}.`, `Choose among 1 to ${classes.length}.`)
      if (seen.has(id)) refuse(`Class ${id} is in two groups.`, 'Name each class once.')
      seen.add(id)
    }
  }
  const together = [
    ...groups.map((of) => ({ of, isNoise: false })),
    ...classes.filter(({ id }) => !seen.has(id)).map(({ id, isNoise = false }) => ({ of: [id], isNoise })),
  ].sort((a, b) => a.of[0] - b.of[0])
  return together.map((one, i) => ({ ...one, id: i + 1 }))
}
