/** What both kinds of NetCDF file are: variables over named dimensions, with attributes. */
import type { Numbers, NumberType } from '../numbers.ts'

export interface NcAttribute {
  readonly type: NumberType | 'char'
  readonly text: string | null
  readonly numbers: readonly number[]
}
export type NcAttributes = ReadonlyMap<string, NcAttribute>

export interface NcDimension {
  /** With the group's path before it, so that equal names in two groups are two dimensions. */
  readonly name: string
  readonly size: number
}

export interface NcVariable {
  /** With the group's path before it. */
  readonly name: string
  readonly type: NumberType | 'char'
  readonly dimensions: readonly NcDimension[]
  readonly attributes: NcAttributes
  /** Stored numbers of a block, last axis fastest. Memory: the block, and 32 MB. */
  read(start: readonly number[], count: readonly number[], signal?: AbortSignal): Promise<Numbers>
}

export interface NcFile {
  readonly path: string
  readonly sizeBytes: number
  /** 'NetCDF classic', 'NetCDF 64-bit offset', 'NetCDF 64-bit data', 'NetCDF-4'. */
  readonly format: string
  readonly variables: readonly NcVariable[]
  readonly attributes: NcAttributes
  /** Lines that a pass should read at once; 0 where single lines are cheap. */
  readonly linesAreDear: boolean
  close(): Promise<void>
}

export const textOf = (attributes: NcAttributes, name: string): string | null => attributes.get(name)?.text?.trim() || null
export const numberOf = (attributes: NcAttributes, name: string): number | null => {
  const value = attributes.get(name)
  const number = value?.numbers[0] ?? (value?.text ? Number(value.text) : Number.NaN)
  return Number.isFinite(number) ? number : null
}
/** A name without the groups before it. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1)
