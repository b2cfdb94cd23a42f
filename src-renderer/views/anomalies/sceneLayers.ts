/** The scene below its scores, with what is flagged outlined. */
import { compositeLayer, compositeName, flaggedLayer, scoreLayer } from '../../features/map/layers.ts'
import type { MapLayer } from '../../features/map/types.ts'
import { bandPresets, stretchOf } from '../../lib/bands.ts'
import { engine } from '../../lib/bridge.ts'
import type { look } from './look.svelte.ts'

export function sceneLayers({ scores, scored, dataset, data, threshold, over }: typeof look): MapLayer[] {
  if (!scores || !scored || !dataset || !data) return []
  const { rgb } = bandPresets(data.columns)[0]
  const common = { opacity: 1, artifact: scores.id }
  return [
    flaggedLayer(engine, { ...common, id: 'flagged', name: 'Anomalies', visible: true, threshold }),
    scoreLayer(engine, {
      ...common,
      id: 'score',
      name: 'Anomaly score',
      visible: over === 'score',
      from: scored.histogram.from,
      to: Math.max(threshold + (threshold - scored.histogram.from) * 0.5, scored.histogram.from + 1e-9),
    }),
    compositeLayer(engine, {
      id: 'scene',
      name: compositeName(rgb),
      visible: over === 'scene',
      opacity: 1,
      dataset: dataset.id,
      bands: rgb,
      stretch: rgb.map((b) => stretchOf(data.summaries[b], 'percentile')),
    }),
  ]
}
