/** The steps of the flow, in order, as the rail and the search box list them. */
import type { ArtifactKind } from '#common/domain/artifact.ts'
import type { ViewId } from '../../lib/viewOf.ts'
import type { IconName } from '../../ui/icons.ts'

export interface ViewEntry {
  readonly id: ViewId
  readonly title: string
  readonly icon: IconName
  /** What the number at the icon counts. */
  readonly counts: readonly ArtifactKind[]
}

export const flow: readonly ViewEntry[] = [
  { id: 'data', title: 'Data', icon: 'data', counts: ['dataset'] },
  { id: 'model', title: 'Model', icon: 'model', counts: [] },
  { id: 'train', title: 'Train', icon: 'train', counts: ['model'] },
  {
    id: 'latents',
    title: 'Latents',
    icon: 'latents',
    counts: ['latents', 'clustering'],
  },
  { id: 'anomalies', title: 'Anomalies', icon: 'anomalies', counts: ['scores'] },
  { id: 'map', title: 'Map', icon: 'map', counts: [] },
  { id: 'compare', title: 'Compare', icon: 'compare', counts: ['comparison'] },
  { id: 'export', title: 'Export', icon: 'export', counts: ['export'] },
]

export const below: readonly ViewEntry[] = [
  { id: 'settings', title: 'Settings', icon: 'settings', counts: [] },
  { id: 'help', title: 'Help', icon: 'help', counts: [] },
]
