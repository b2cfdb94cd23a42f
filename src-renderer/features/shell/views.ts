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
  /** Operations whose running job shows as the ring. */
  readonly operations: readonly string[]
}

export const flow: readonly ViewEntry[] = [
  { id: 'data', title: 'Data', icon: 'data', counts: ['dataset'], operations: ['import', 'sample'] },
  { id: 'model', title: 'Model', icon: 'model', counts: [], operations: ['prepare', 'prepare-as', 'import-model'] },
  { id: 'train', title: 'Train', icon: 'train', counts: ['model'], operations: ['train'] },
  {
    id: 'latents',
    title: 'Latents',
    icon: 'latents',
    counts: ['latents', 'clustering'],
    operations: ['encode', 'cluster', 'tidy', 'embed'],
  },
  { id: 'anomalies', title: 'Anomalies', icon: 'anomalies', counts: ['scores'], operations: ['score', 'score-nodes', 'rescore', 'drift'] },
  { id: 'map', title: 'Map', icon: 'map', counts: [], operations: [] },
  { id: 'compare', title: 'Compare', icon: 'compare', counts: ['comparison'], operations: ['evaluate', 'compare'] },
  { id: 'export', title: 'Export', icon: 'export', counts: ['export'], operations: ['export'] },
]

export const below: readonly ViewEntry[] = [
  { id: 'settings', title: 'Settings', icon: 'settings', counts: [], operations: [] },
  { id: 'help', title: 'Help', icon: 'help', counts: [], operations: [] },
]

export const viewOfOperation = (operation: string): ViewId => flow.find((entry) => entry.operations.includes(operation))?.id ?? 'data'
