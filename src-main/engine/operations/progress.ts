/** Rate and remaining time of a job, smoothed over about three seconds, where an operation does not give them itself. */
import type { Progress } from '#common/domain/artifact.ts'

const smoothingSeconds = 3
/** Shorter intervals are measured with the next report: their rates are noise. */
const shortestSeconds = 0.2

export interface ProgressMeter {
  update(progress: Progress): Progress
  /** After a pause: what lies before says nothing about the rate. */
  reset(): void
}

export function progressMeter(now: () => number = () => performance.now()): ProgressMeter {
  const done = speedometer()
  const fraction = speedometer()
  return {
    update(progress) {
      const t = now() / 1000
      const share = progress.fraction === null || Number.isNaN(progress.fraction) ? null : Math.min(1, Math.max(0, progress.fraction))
      const doneRate = progress.done === undefined ? undefined : done.measure(t, progress.done)
      const shareRate = share === null ? undefined : fraction.measure(t, share)
      const remaining = share !== null && shareRate !== undefined && shareRate > 0 ? (1 - share) / shareRate : undefined
      return {
        ...progress,
        fraction: share,
        ratePerSecond: progress.ratePerSecond ?? doneRate,
        remainingSeconds: progress.remainingSeconds ?? remaining,
      }
    },
    reset() {
      done.reset()
      fraction.reset()
    },
  }
}

/** Change per second as an exponential average; begins anew when the value goes back (another stage). */
function speedometer(): { measure(t: number, value: number): number | undefined; reset(): void } {
  let from: { t: number; value: number } | undefined
  let rate: number | undefined
  const reset = (): void => {
    from = undefined
    rate = undefined
  }
  return {
    reset,
    measure(t, value) {
      if (from && value < from.value) reset()
      from ??= { t, value }
      const seconds = t - from.t
      if (seconds < shortestSeconds) return rate
      const current = (value - from.value) / seconds
      rate = rate === undefined ? current : rate + (1 - Math.exp(-seconds / smoothingSeconds)) * (current - rate)
      from = { t, value }
      return rate
    },
  }
}
