/** The shape of a call table. One table per conversation; preload, client and server derive from it. */
import type { z } from 'zod'
import type { Result } from '../result.ts'

export interface Call {
  readonly input: z.ZodType
  readonly output: z.ZodType
}
export type Calls = Readonly<Record<string, Call>>
export type Events = Readonly<Record<string, z.ZodType>>

/** One handler per row, so a missing or misspelt one is a compile error. A handler throws StratumError; serve() makes it a Result. */
export type Handlers<T extends Calls> = {
  readonly [K in keyof T]: (input: z.output<T[K]['input']>) => Promise<z.input<T[K]['output']>> | z.input<T[K]['output']>
}

/** The caller's side. */
export type Client<T extends Calls> = {
  readonly [K in keyof T]: (input: z.input<T[K]['input']>) => Promise<Result<z.output<T[K]['output']>>>
}

export type Emit<T extends Events> = <K extends keyof T & string>(event: K, payload: z.input<T[K]>) => void
export type Subscribe<T extends Events> = <K extends keyof T & string>(event: K, listener: (payload: z.output<T[K]>) => void) => () => void
