/** Options that readers of tables were given later: datasets from before are read on as they were, new ones write their choice down. */
import type { Reader } from '../dataset.ts'

/** By option: what was done before there was a choice. */
const before: Readonly<Record<string, string>> = { rowNumbers: 'learned', leadingZeros: 'numbers' }
/** By format: its options that came later. */
const later: Readonly<Record<string, readonly string[]>> = { csv: ['rowNumbers', 'leadingZeros'], json: ['leadingZeros'] }

/** How often what is found in a file without being told (names, units) has changed since. */
const foundAnew: Readonly<Record<string, number>> = { csv: 1, xlsx: 1 }

/** Options of a dataset as they were meant when it was imported: its columns have to stay where they were. */
export const asBefore = (format: string, chosen: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  ...Object.fromEntries((later[format] ?? []).map((name) => [name, before[name]])),
  ...chosen,
})

/** Options of a new dataset, those that came later by name. */
export const writtenDown = ({ id, options }: Reader, chosen: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  ...Object.fromEntries((later[id] ?? []).map((name) => [name, defaultOf(options.shape[name])])),
  ...chosen,
})

/** Tells content that is read otherwise than it was before. */
export const sinceThen = ({ id }: Pick<Reader, 'id'>): string =>
  (later[id] ? ` with ${later[id].join(', ')}` : '') + (foundAnew[id] ? `, found anew ${foundAnew[id]}` : '')

const defaultOf = (option: unknown): unknown => (option as { parse(value: undefined): unknown }).parse(undefined)
