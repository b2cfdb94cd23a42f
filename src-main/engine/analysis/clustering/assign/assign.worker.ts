/** A thread that labels rows; see work.ts. */
import { serveCrew } from '#engine/analysis/threads/crew.ts'
import { assignWork } from './work.ts'

serveCrew(assignWork)
