/** How one dataset is looked at: which way, which column, which thresholds, and its examination. Kept while the window is open. */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { Session } from '../../lib/state/session.svelte.ts'
import type { DataTab } from './DataTabs.svelte'
import { Examined } from './examined.svelte.ts'
import type { Thresholds } from './quality.ts'

export class DataLook {
  tab = $state<DataTab>('rows')
  column = $state(0)
  limits = $state.raw<Thresholds | null>(null)
  readonly examined: Examined

  constructor(dataset: number, meta: DatasetMeta, session: Session, engine: Pick<Client<EngineCalls>, 'readExamination'>) {
    this.examined = new Examined(dataset, session, engine)
    // The first column that has something to show.
    this.column = Math.max(
      0,
      meta.summaries.findIndex(({ histogram }) => histogram !== null),
    )
  }
}
