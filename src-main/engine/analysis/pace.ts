/** Keeps the engine answering while something long is computed: rests every 50 ms, and notices a cancel then. */
import { throwIfCancelled } from '#common/errors.ts'

/** What every long algorithm takes. */
export interface LongRun {
  readonly signal?: AbortSignal
  /** Share done, 0…1. */
  readonly report?: (fraction: number) => void
}

/** For what comes last, once this share is done. */
export const lastOf = (done: number, { signal, report }: LongRun): LongRun => ({
  ...(signal && { signal }),
  ...(report && { report: (fraction: number) => report(done + (1 - done) * fraction) }),
})

export interface Pace {
  /** Cheap; ask between blocks of at most a few milliseconds. */
  readonly due: () => boolean
  /** Lets the event loop run, then throws CANCELLED when the signal was aborted. */
  readonly rest: () => Promise<void>
}

const restAfterMs = 50

export function createPace(signal?: AbortSignal): Pace {
  let since = performance.now()
  return {
    due: () => performance.now() - since > restAfterMs,
    async rest() {
      await new Promise((resolve) => setImmediate(resolve))
      if (signal) throwIfCancelled(signal)
      since = performance.now()
    },
  }
}

/** Work told in steps of a few milliseconds: `yield` wherever its caller may rest. */
export type Steps<T> = Generator<void, T>

export function atOnce<T>(work: Steps<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

export async function atPace<T>(work: Steps<T>, pace: Pace): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    if (pace.due()) await pace.rest()
  }
}
