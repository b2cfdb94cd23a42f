/** What is kept beside the session of one project, let go when another is entered. */
import { thresholds } from '../features/anomalies/thresholds.svelte.ts'
import { forgetWindows } from '../features/map/layers.ts'
import { draft } from '../features/model/draft.ts'
import { sweeps } from '../features/sweep/state.ts'
import { deletion, selection, trainings } from '../lib/app.ts'
import { look } from './anomalies/look.svelte.ts'
import { forgetPoints } from './latents/look.svelte.ts'
import { tab } from './latents/tab.svelte.ts'
import { forgetMap } from './map/look.svelte.ts'

export function forgetProject(): void {
  selection.forget()
  thresholds.forget()
  forgetWindows()
  look.forget()
  forgetPoints()
  tab.open = 'points'
  forgetMap()
  draft.start = null
  sweeps.chosen = null
  trainings.chosen = null
  deletion.keep()
}
