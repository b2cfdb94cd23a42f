import { engine } from '../../lib/bridge.ts'
import { ModelDraft } from './modelDraft.svelte.ts'

/** The window's one draft: the model view fills it, the train view copies runs into it. */
export const draft = new ModelDraft(engine)
