/** The registries as data, for forms and galleries. */
import type { FormatDescription, ModelDescription } from '#common/contract/engine.ts'
import type { Reader } from '../data/dataset.ts'
import { optionsOf } from '../data/series/options.ts'
import { type ModelDefinition, preparationFor } from '../models/define.ts'
import { describeParams } from '../operations/describe.ts'

export const describeModel = (model: ModelDefinition): ModelDescription => ({
  id: model.id,
  title: model.title,
  summary: model.summary,
  group: model.group,
  useWhen: model.useWhen,
  avoidWhen: model.avoidWhen,
  paper: model.paper,
  fits: [...model.fits],
  params: describeParams(model.params),
  presets: model.presets.map((preset) => {
    const { id, title, summary, params } = preset
    return {
      id,
      title,
      summary,
      params: { ...params },
      prepare: preparationFor(model, preset),
      prepareCounts: preparationFor(model, preset, true),
    }
  }),
})

export const describeReader = (reader: Reader): FormatDescription => ({
  id: reader.id,
  title: reader.title,
  kind: reader.kind,
  extensions: [...reader.extensions],
  options: describeParams(optionsOf(reader)),
})
