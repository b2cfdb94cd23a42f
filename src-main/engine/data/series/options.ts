/** What a user chooses to read a table as windows of a time series: options beside those of the table's own format. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'

const group = 'Time series'

/** Flat and prefixed, so that forms and the command line show them like any other option: `--set series.length=24`. */
export const seriesOptions = z.object({
  'series.length': z.int().min(1).max(100_000).nullable().default(null).meta({
    title: 'Window length',
    description: 'Rows of one window; empty for a plain table. 1 keeps single rows and their time and unit.',
    unit: 'rows',
    group,
  }),
  'series.stride': z.int().min(1).max(1_000_000).nullable().default(null).meta({
    title: 'Step between windows',
    description: 'Rows from the start of one window to the next; empty for windows that follow one another without overlap.',
    unit: 'rows',
    group,
  }),
  'series.time': z.array(z.string()).max(2).default([]).meta({
    title: 'Time column',
    description:
      'The column with the time, or two with date and time of day. Found by name when empty; without one the rows are taken in order.',
    group,
  }),
  'series.unit': z.string().nullable().default(null).meta({
    title: 'Unit column',
    description: 'Node, machine or station: windows never mix two of them.',
    group,
  }),
  'series.label': z.string().nullable().default(null).meta({
    title: 'Label column',
    description: 'Known states of rows, e.g. 1 for an anomaly. It goes along and is not learned from.',
    group,
  }),
  'series.labelRule': z
    .enum(['any', 'last', 'majority'])
    .default('any')
    .meta({
      title: 'Label of a window',
      labels: { any: 'Any row that is not normal', last: 'Last row', majority: 'Most of its rows' },
      description: 'How the labels of its rows become that of a window.',
      group,
      advanced: true,
    }),
  'series.gaps': z
    .enum(['break', 'interpolate', 'last'])
    .default('break')
    .meta({
      title: 'Gaps in time',
      labels: { break: 'No window crosses one', interpolate: 'Fill in a straight line', last: 'Repeat the last values' },
      description: 'What happens where rows are missing.',
      group,
      advanced: true,
    }),
  'series.gapFactor': z.number().min(1.01).max(1e6).default(1.5).meta({
    title: 'A gap is longer than',
    description: 'Times the median step between rows of the unit.',
    unit: 'steps',
    group,
    advanced: true,
  }),
  'series.maxGap': z.int().min(1).max(1000).default(5).meta({
    title: 'Fill at most',
    description: 'Missing rows in a row that are filled; a longer gap is not crossed.',
    unit: 'rows',
    group,
    advanced: true,
  }),
  'series.aggregate': z
    .enum(['none', 'mean', 'statistics'])
    .default('none')
    .meta({
      title: 'Values of a window',
      labels: { none: 'All its rows', mean: 'Mean of each column', statistics: 'Mean, spread, least, greatest of each column' },
      description: 'All rows keep the course in time; statistics make short rows of long windows.',
      group,
      advanced: true,
    }),
  'series.dateOrder': z
    .enum(['auto', 'day-first', 'month-first'])
    .default('auto')
    .meta({
      title: 'Order of dates',
      labels: { auto: 'Found from the values', 'day-first': 'Day before month', 'month-first': 'Month before day' },
      description: 'For dates such as 03/04/2005.',
      group,
      advanced: true,
    }),
})
export type SeriesOptions = z.output<typeof seriesOptions>

/** What can be cut into windows: rows of a table, or of a matrix. */
export const canBeSeries = (reader: Pick<Reader, 'kind'>): boolean => reader.kind === 'table' || reader.kind === 'embedding'

/** The options of a format with those that every table has. */
export const optionsOf = (reader: Reader): z.ZodObject =>
  canBeSeries(reader) ? reader.options.extend(seriesOptions.shape) : reader.options

const isOurs = (name: string): boolean => name.startsWith('series.')
const asksForWindows = ['series.length', 'series.time', 'series.unit']
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)

/** Options of the reader and, where windows are asked for, of the series. Throws what zod throws for a wrong one. */
export function splitOptions(options: Readonly<Record<string, unknown>>): {
  readonly own: Record<string, unknown>
  readonly series: Record<string, unknown> | null
} {
  const entries = Object.entries(options)
  const own = Object.fromEntries(entries.filter(([name]) => !isOurs(name)))
  const series = Object.fromEntries(entries.filter(([name]) => isOurs(name)))
  return { own, series: asksForWindows.some((name) => isGiven(series[name])) ? series : null }
}

/** 'Read as series' without a length means single rows with their time. */
export function seriesChosen(as: string | null | undefined, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (as !== 'series' || splitOptions(options).series !== null) return { ...options }
  return { ...options, 'series.length': 1 }
}
