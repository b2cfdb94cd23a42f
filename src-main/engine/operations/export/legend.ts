import type { Artifact, LegendEntry } from '#common/domain/artifact.ts'
import { defaultStyle } from '#common/domain/palettes.ts'
import type { ClusteringMeta } from '#common/domain/results.ts'

/** The user's names and colours of classes where there are any, the palette's otherwise. */
export function legendOf(clustering: Artifact): LegendEntry[] {
  const { classes } = clustering.meta as unknown as ClusteringMeta
  return classes.map((one) => clustering.annotations.legend?.find(({ id }) => id === one.id) ?? defaultStyle(one))
}
