/** A thread that looks for neighbours; see work.ts. */
import { serveCrew } from '../threads/crew.ts'
import { searchWork } from './work.ts'

serveCrew(searchWork)
