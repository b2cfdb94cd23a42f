/** What goes to the terminal. Results go to standard output; progress, log and errors to standard error, so that pipes stay clean. */
import type { Job, Progress } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { LogLevel } from '../operations/runner.ts'
import type { Output } from './command.ts'

export interface Printer {
  job(job: Job): void
  log(level: LogLevel, message: string): void
  result(output: Output): void
  error(report: ErrorReport): void
}

type Write = (text: string) => void

export interface Streams {
  readonly out: Write
  readonly error: Write
  /** True when standard error is a terminal: then one line of progress is redrawn. */
  readonly isTerminal: boolean
  readonly columns: number
}

export const createPrinter = (json: boolean, streams: Streams): Printer => (json ? jsonPrinter(streams) : humanPrinter(streams))

function jsonPrinter({ out }: Streams): Printer {
  const line = (value: unknown): void => out(`${JSON.stringify(value)}\n`)
  return {
    job: ({ id, operation, status, progress, artifact, cached }) =>
      line({ event: 'progress', job: id, operation, status, artifact, cached, ...(progress && { progress }) }),
    log: (level, message) => line({ event: 'log', level, message }),
    result: ({ result }) => line({ ok: true, result }),
    error: (error) => line({ ok: false, error }),
  }
}

function humanPrinter({ out, error, isTerminal, columns }: Streams): Printer {
  let isDrawn = false
  const clear = (): void => {
    if (isDrawn) error('\r\u001b[K')
    isDrawn = false
  }
  return {
    job(job) {
      if (job.status === 'running' && isTerminal) {
        error(`\r\u001b[K${progressLine(job).slice(0, Math.max(20, columns - 1))}`)
        isDrawn = true
      }
      if (job.status === 'done') {
        clear()
        error(`${job.title}: ${job.cached ? 'was there already' : 'done'}\n`)
      }
    },
    log(level, message) {
      clear()
      error(`${level === 'info' ? '' : `${level}: `}${message}\n`)
    },
    result({ text }) {
      clear()
      if (text !== '') out(`${text}\n`)
    },
    error({ code, message, hint, where }) {
      clear()
      const places = Object.entries(where)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')
      error(`${code}: ${message}\n${places === '' ? '' : `  at    ${places}\n`}  hint  ${hint}\n`)
    },
  }
}

/** Train · Fine-tuning  ████████░░░░░░░░  52 %  1 830 rows/s  12 s left */
export function progressLine({ title, progress }: Pick<Job, 'title' | 'progress'>): string {
  if (!progress) return title
  const parts = [`${title} · ${progress.stage}`, bar(progress), rate(progress), remaining(progress)]
  return parts.filter((part) => part !== '').join('  ')
}

const barWidth = 20
function bar({ fraction, done, unit }: Progress): string {
  if (fraction === null) return done === undefined ? '' : `${formatCount(done)} ${unit ?? ''}`.trim()
  const full = Math.round(fraction * barWidth)
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${String(Math.floor(fraction * 100)).padStart(3)} %`
}
const rate = ({ ratePerSecond, unit }: Progress): string =>
  ratePerSecond === undefined || ratePerSecond <= 0 ? '' : `${formatCount(ratePerSecond)} ${unit ?? 'steps'}/s`
const remaining = ({ remainingSeconds }: Progress): string =>
  remainingSeconds === undefined ? '' : `${formatSeconds(remainingSeconds)} left`

/** 12 345 → '12 345', 0.123 → '0.12'. */
export const formatCount = (n: number): string =>
  Math.abs(n) >= 10 ? String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u2009') : String(Number(n.toPrecision(2)))

/** '1 number', '4 numbers' */
export const counted = (n: number, noun: string): string => `${formatCount(n)} ${noun}${n === 1 ? '' : 's'}`

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Columns padded to their widest cell, two spaces between. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
