/** The window's one draft of a sweep and its list of sweeps. */
import { session } from '../../lib/app.ts'
import { engine, onEngine } from '../../lib/bridge.ts'
import { SweepDraft } from './sweepDraft.svelte.ts'
import { Sweeps } from './sweeps.svelte.ts'

export const sweepDraft = new SweepDraft()
export const sweeps = new Sweeps(session, engine, onEngine)
