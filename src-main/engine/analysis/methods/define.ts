/**
 * Clusterings, detectors and 2-D embeddings are registries of methods: one file each, declared once. The operation that runs them
 * takes the parameters of all of them, each shown for the methods that have it; command line, form and recipe follow from that.
 */
import { z } from 'zod'
import { StratumError } from '#common/errors.ts'
import type { LongRun } from '../pace.ts'

/** What a method is told beside its parameters. */
export interface MethodRun extends LongRun {
  readonly seed: number
  /** Never changes a result. */
  readonly threads: number
}

export interface MethodDeclaration<Schema extends z.ZodObject = z.ZodObject> {
  readonly id: string
  /** Raise it when the same parameters would give another result: it is part of the content key. */
  readonly version: number
  readonly title: string
  /** One line: what it does. */
  readonly summary: string
  /** Two sentences at most. */
  readonly useWhen: string
  /** Citation for the methods paragraph. */
  readonly paper: string
  /** One that several methods have is one schema object, shared by them. */
  readonly params: Schema
}

/**
 * The shapes of all methods as one, for spreading into an operation's params; `chooser` is the name of its parameter that holds the method's id.
 * `anyway`: values of the chooser for which every parameter of a method matters beside its own id, e.g. { 'k-means': ['auto'] }.
 */
export function shapeOfMethods(
  methods: readonly MethodDeclaration[],
  chooser: string,
  anyway: Readonly<Record<string, readonly string[]>> = {},
): Record<string, z.ZodType> {
  const users = new Map<string, { schema: z.ZodType; ids: string[] }>()
  for (const { id, params } of methods)
    for (const [name, schema] of Object.entries(params.shape) as [string, z.ZodType][]) {
      const known = users.get(name)
      if (known && known.schema !== schema) throw new Error(`two methods declare a parameter '${name}' of their own`)
      users.set(name, { schema, ids: [...(known?.ids ?? []), id, ...(anyway[id] ?? [])] })
    }
  return Object.fromEntries(
    [...users].map(([name, { schema, ids }]) => {
      const meta = schema.meta() ?? {}
      const showWhen = { ...(meta.showWhen as object | undefined), [chooser]: [...new Set(ids)] }
      return [name, schema.meta({ ...meta, showWhen })]
    }),
  )
}

/** The method's own parameters out of the operation's. */
export const paramsOf = <Schema extends z.ZodObject>(
  method: MethodDeclaration<Schema>,
  all: Readonly<Record<string, unknown>>,
): z.output<Schema> => Object.fromEntries(Object.keys(method.params.shape).map((name) => [name, all[name]])) as z.output<Schema>

/** @throws UNKNOWN_METHOD with those there are */
export function methodIn<Method extends MethodDeclaration>(methods: readonly Method[], id: string): Method {
  const found = methods.find((method) => method.id === id)
  if (found) return found
  throw new StratumError('UNKNOWN_METHOD', `There is no method '${id}'.`, `Choose one of: ${methods.map((m) => m.id).join(', ')}.`, {
    method: id,
  })
}

/** An enum of methods' ids with their titles for the form, and what a gallery says of each. */
export const methodEnum = (
  ids: readonly [string, ...string[]],
  methods: readonly MethodDeclaration[],
  extra: Readonly<Record<string, string>> = {},
) =>
  z.enum(ids).meta({
    labels: { ...extra, ...Object.fromEntries(methods.map(({ id, title }) => [id, title])) },
    methods: methods.map(({ id, title, summary, useWhen, paper }) => ({ id, title, summary, useWhen, paper })),
  })
