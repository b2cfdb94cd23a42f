/**
 * Rows of a dataset that someone picked: one object for map, scatter, table and profiles, and a parameter of what is computed of those
 * rows only. It says why a row is in it, never lists millions of rows.
 */
import { z } from 'zod'

const artifact = z.int().positive()

const SimpleCondition = z.discriminatedUnion('kind', [
  /** Rows of these classes of a clustering. */
  z.object({ kind: z.literal('classes'), artifact, classes: z.array(z.int().positive()).min(1) }),
  /** Rows whose number lies within, both ends included: of scores ('score'), or of one number of the code ('codes'). Null: no limit. */
  z.object({
    kind: z.literal('range'),
    artifact,
    array: z.enum(['score', 'codes', 'error']),
    unit: z.int().nonnegative().default(0),
    from: z.number().nullable(),
    to: z.number().nullable(),
  }),
  /** Rows inside a polygon drawn over two numbers of the code, or over the plane of an embedding. Even-odd. */
  z.object({
    kind: z.literal('polygon'),
    artifact,
    axes: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
    points: z
      .array(z.tuple([z.number(), z.number()]))
      .min(3)
      .max(2000),
  }),
  /** Pixels inside a polygon drawn on the map, in pixels of the grid. Even-odd, by their centres. */
  z.object({
    kind: z.literal('area'),
    points: z
      .array(z.tuple([z.number(), z.number()]))
      .min(3)
      .max(2000),
  }),
  /** Rows by number. */
  z.object({ kind: z.literal('rows'), rows: z.array(z.int().nonnegative()).min(1).max(100_000) }),
  /** Rows from one number to another, both included. */
  z.object({ kind: z.literal('span'), from: z.int().nonnegative(), to: z.int().nonnegative() }),
  /** Rows with one of these labels, which results were compared with: positions among the labelled classes of the comparison. */
  z.object({ kind: z.literal('labelled'), artifact, labels: z.array(z.int().nonnegative()).min(1) }),
  /** Rows under a node of the tree of a clustering, which keeps where in it each row lies. */
  z.object({ kind: z.literal('branch'), artifact, node: z.int().nonnegative() }),
])
export type SimpleCondition = z.output<typeof SimpleCondition>

/** Rows that are added to those before, or taken from them: those that meet every condition, or, `outside`, those that do not. */
const SelectionPart = z.object({
  how: z.enum(['add', 'remove']),
  outside: z.boolean().optional(),
  all: z.array(SimpleCondition).min(1).max(16),
})
export type SelectionPart = z.output<typeof SelectionPart>

export const RowCondition = z.discriminatedUnion('kind', [
  ...SimpleCondition.options,
  /** Rows that come together in steps, from none on. Any union, difference or complement can be said so without nesting. */
  z.object({ kind: z.literal('combined'), parts: z.array(SelectionPart).min(1).max(64) }),
])
export type RowCondition = z.output<typeof RowCondition>

export const RowSelection = z.object({
  dataset: artifact,
  /** Rows that meet every one. */
  all: z.array(RowCondition).min(1).max(16),
})
export type RowSelection = z.output<typeof RowSelection>
