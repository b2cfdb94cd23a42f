/**
 * Gives the space of deleted artifacts back to the disk, a few megabytes at a time between other work, so that neither
 * a deletion nor anything after it has to wait. What is not given back before closing is used by the next arrays.
 */
import { isSqliteError, type Db } from './sqlite.ts'

/** 4 MB of pages: a few milliseconds. */
const pagesPerSlice = 256
/** Fewer free pages than this are left for what comes next. */
const keepPages = 1024
/** Closing may take this much longer for the sake of a smaller file. */
const closingMs = 1000

export interface Reclaimer {
  /** Something was deleted. */
  soon(): void
  /** Before closing: goes on for at most a second. */
  finish(): void
}

export function createReclaimer(db: Db): Reclaimer {
  let timer: NodeJS.Immediate | undefined

  /** True when there is more to do. */
  const slice = (): boolean => {
    if (Number(db.pragma('freelist_count', { simple: true })) <= keepPages) return false
    try {
      db.pragma(`incremental_vacuum(${pagesPerSlice})`)
      return true
    } catch (thrown) {
      // A full disk or a reader in the way: the space stays in the file, where it is used again.
      if (!isSqliteError(thrown)) throw thrown
      return false
    }
  }
  const soon = (): void => {
    if (timer !== undefined || !db.open || db.inTransaction) return
    timer = setImmediate(() => {
      timer = undefined
      if (db.open && !db.inTransaction && slice()) soon()
    })
    timer.unref()
  }
  return {
    soon,
    finish() {
      clearImmediate(timer)
      timer = undefined
      const deadline = performance.now() + closingMs
      while (performance.now() < deadline && slice());
    },
  }
}
