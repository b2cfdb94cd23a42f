/** Tidy: majority filter of a class map. Streams scan lines. Memory: `window` lines and one chunk. */
import { z } from 'zod'
import type { ClusteringMeta } from '#common/domain/results.ts'
import { createMajorityFilter } from '../analysis/maps/majority.ts'
import { eachLine } from '../analysis/maps/mappingUnit.ts'
import { defineOperation } from './define.ts'
import { createClassWriter, gridOfClasses } from './edit/writeClasses.ts'

export const tidyOperation = defineOperation({
  id: 'tidy',
  version: 2,
  title: 'Tidy classes',
  summary: 'Gives each pixel the most frequent class around it; no-data stays as it is.',
  inputs: { clustering: { kinds: ['clustering'], description: 'Classes of a scene' } },
  params: z.object({
    window: z
      .union([z.literal(3), z.literal(5), z.literal(7), z.literal(9)])
      .default(7)
      .meta({ title: 'Majority of', unit: 'px square', description: 'A larger square removes larger specks and rounds thin beds.' }),
  }),
  produces: 'clustering',
  ignores: ['seed', 'device'],
  nameFor: ({ window }, { clustering }) => `${clustering?.name ?? 'classes'}, majority ${window} × ${window}`,
  async run(ctx) {
    const clustering = ctx.inputs.clustering!
    const meta = clustering.meta as unknown as ClusteringMeta
    const { width, height } = gridOfClasses(ctx, clustering)
    const labels = ctx.project.array(clustering.id, 'labels')
    const writer = await createClassWriter(ctx, meta, meta.classes)
    const filter = createMajorityFilter(width, height, ctx.params.window)
    const report = (fraction: number): void =>
      ctx.report({ stage: 'Tidying classes', fraction, done: Math.round(fraction * meta.rows), unit: 'pixels' })
    const read = (from: number, to: number): Uint16Array => labels.read(from * width, to * width) as Uint16Array
    await eachLine(read, width, height, { signal: ctx.signal, report }, (line) => writer.append(filter.push(line)))
    writer.append(filter.flush())
    // How far apart classes lie in the codes was measured of the classes before.
    const result: ClusteringMeta = { ...meta, classes: await writer.finish(), silhouette: null, tidied: ctx.params.window }
    return result
  },
})
