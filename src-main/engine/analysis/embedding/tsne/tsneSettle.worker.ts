/** A thread that places rows in a plane; see settle.ts. */
import { serveCrew } from '../../threads/crew.ts'
import { settleWork } from './settle.ts'

serveCrew(() => settleWork)
