/** The window's controllers, one of each. Components read them; tests make their own. */
import { engine, native, onEngine } from './bridge.ts'
import { Compute } from './state/compute.svelte.ts'
import { Deletion } from './state/deletion.svelte.ts'
import { Importer } from './state/importer.svelte.ts'
import { Keyboard } from './state/keyboard.svelte.ts'
import { Layout } from './state/layout.svelte.ts'
import { Selection } from './state/selection.svelte.ts'
import { Session } from './state/session.svelte.ts'
import { Sources } from './state/sources.svelte.ts'
import { Theme } from './state/theme.svelte.ts'
import { Toasts } from './state/toasts.svelte.ts'
import { TrainingRuns } from './state/trainingRuns.svelte.ts'

export const session = new Session(engine, native, onEngine)
export const compute = new Compute(session, engine)
export const trainings = new TrainingRuns(session, engine, onEngine)
export const sources = new Sources(engine, onEngine)
export const importer = new Importer(engine, native, session)
export const selection = new Selection()
export const deletion = new Deletion(session, selection)
export const theme = new Theme(native)
export const keyboard = new Keyboard()
export const toasts = new Toasts()
export const layout = new Layout()
