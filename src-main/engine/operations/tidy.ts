/** Tidy: majority filter of a class map. Streams scan lines. Memory: `window` lines and one chunk. */
import { z } from 'zod'
import { StratumError, throwIfCancelled } from '#common/errors.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { ClusteringMeta, LatentsMeta, ModelMeta } from '#common/domain/results.ts'
import { createMajorityFilter } from '../analysis/majority.ts'
import { defineOperation } from './define.ts'
import { classProfiles, LabelPicker, readDrawnRows } from './profiles.ts'

export const tidyOperation = defineOperation({
  id: 'tidy',
  version: 1,
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
    const { grid } = ctx.project.artifact(meta.dataset).meta as unknown as DatasetMeta
    if (!grid)
      throw new StratumError(
        'ARTIFACT_KIND',
        'Only the classes of a scene have neighbours to vote.',
        'Choose a clustering of a raster dataset.',
        { artifact: clustering.id },
      )
    const reader = ctx.project.array(clustering.id, 'labels')
    const writer = ctx.draft.writeArray('labels', { dtype: 'uint16', shape: [meta.rows] })
    const model = ctx.project.artifact((ctx.project.artifact(meta.latents).meta as unknown as LatentsMeta).model)
      .meta as unknown as ModelMeta
    const drawn = meta.dataset === model.dataset ? readDrawnRows(ctx.project, model.matrix) : null
    const picker = new LabelPicker(drawn?.index ?? new Float64Array(0))
    const sizes = new Float64Array(meta.classes.length + 1)
    let written = 0
    const take = (labels: Uint16Array) => {
      for (const label of labels) sizes[label]++
      picker.see(written, labels)
      writer.append(labels)
      written += labels.length
    }
    const filter = createMajorityFilter(grid.width, grid.height, ctx.params.window)
    const linesPerRead = Math.max(1, Math.floor((1 << 20) / grid.width))
    for (let line = 0; line < grid.height; line += linesPerRead) {
      throwIfCancelled(ctx.signal)
      const last = Math.min(grid.height, line + linesPerRead)
      take(filter.push(reader.read(line * grid.width, last * grid.width) as Uint16Array))
      ctx.report({ stage: 'Tidying classes', fraction: last / grid.height, done: last * grid.width, unit: 'pixels' })
      await new Promise((resolve) => setImmediate(resolve))
    }
    take(filter.flush())
    writer.finish()
    const profiles = drawn ? classProfiles(drawn, picker.labels, meta.classes.length) : null
    const result: ClusteringMeta = {
      ...meta,
      classes: meta.classes.map((c, i) => ({
        ...c,
        ...profiles?.[i],
        rows: sizes[c.id],
        share: sizes[c.id] / Math.max(1, meta.validRows),
      })),
      tidied: ctx.params.window,
    }
    return result
  },
})
