/**
 * How long a job leaves its user alone, in processor time, so that a machine busy with something else counts for little:
 *
 *   busy    the longest in which the engine's thread answered nothing
 *   unseen  the longest in which it did not look whether the job was cancelled
 *   quiet   the longest without a word of progress: processor time of all threads, or the clock where that says less
 */
export interface Stretches {
  readonly busy: number
  readonly unseen: number
  readonly quiet: number
  /** Where the longest of each kind ended. */
  readonly ends: { readonly unseen: string; readonly quiet: string }
}

/** In milliseconds: of this thread, and of all of them. */
const ownTime = (): number => sumOf(process.threadCpuUsage())
export const processTime = (): number => sumOf(process.cpuUsage())
const sumOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000

let looked: () => void = () => undefined
const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted') ?? {}
if (!get) throw new Error('signals say nothing of being aborted')
Object.defineProperty(AbortSignal.prototype, 'aborted', {
  configurable: true,
  get(this: AbortSignal): boolean {
    looked()
    return get.call(this) as boolean
  },
})

/** Below this nobody asks where it was. */
const worthTellingMs = 200

export interface Watch {
  /** A word of progress came. */
  heard(stage: string): void
  /** From now on nothing is counted. */
  stop(): Stretches
}

export function watchStretches(): Watch {
  let [busy, unseen, quiet] = [0, 0, 0]
  const ends = { unseen: '', quiet: '' }
  let [beat, look] = [ownTime(), ownTime()]
  let [word, wordClock] = [processTime(), performance.now()]
  const timer = setInterval(() => {
    const now = ownTime()
    busy = Math.max(busy, now - beat)
    beat = now
  }, 5)
  looked = () => {
    const now = ownTime()
    if (now - look > unseen) {
      unseen = now - look
      if (unseen > worthTellingMs) ends.unseen = callers()
    }
    look = ownTime()
  }
  function heard(stage: string): void {
    const [now, clock] = [processTime(), performance.now()]
    const gap = Math.min(now - word, clock - wordClock)
    if (gap > quiet) [quiet, ends.quiet] = [gap, stage]
    ;[word, wordClock] = [now, clock]
  }
  return {
    heard,
    stop() {
      looked()
      heard('the end')
      busy = Math.max(busy, ownTime() - beat)
      clearInterval(timer)
      looked = () => undefined
      return { busy, unseen, quiet, ends }
    },
  }
}

/** The functions of the project that are being carried out, innermost first. */
const callers = (): string =>
  (new Error('here').stack ?? '')
    .split('\n')
    .filter((line) => line.includes('src-main'))
    .map((line) => line.replace(/^.*at (async )?/, '').replace(/ \(.*\/src-main\/engine\/(.*):\d+\)$/, ' $1'))
    .slice(0, 4)
    .join(' < ')
