/** Puts a call table behind a transport: checks the input, runs the handler, and turns whatever happens into a Result. */
import type { Call, Calls, Emit, Events, Handlers } from './contract/calls.ts'
import { StratumError, toReport } from './errors.ts'
import { fail, ok, type Result } from './result.ts'
import { type Endpoint, isMessage } from './rpc.ts'

/** Told of every failure that is a bug, with its stack, in the process where it happened. */
export type ReportBug = (thrown: unknown, call: string) => void

/** Answers one call; never throws. */
export type Answer = (name: string, input: unknown) => Promise<Result<unknown>>

export function answerCalls<T extends Calls>(calls: T, handlers: Handlers<T>, reportBug: ReportBug): Answer {
  return async (name, input) => {
    try {
      const call: Call | undefined = Object.hasOwn(calls, name) ? calls[name] : undefined
      if (!call)
        throw new StratumError(
          'UNKNOWN_COMMAND',
          `There is no call named '${name}'.`,
          'The window and the engine are of different versions; restart the app.',
        )
      const handler = handlers[name] as (input: unknown) => unknown
      return ok(await handler(parseInput(call, name, input)))
    } catch (thrown) {
      const report = toReport(thrown)
      if (report.code === 'INTERNAL') reportBug(thrown, name)
      return fail(report)
    }
  }
}

/** @throws PARAMETER_INVALID naming the path of the first wrong value, e.g. `window.outWidth` */
function parseInput(call: Call, name: string, input: unknown): unknown {
  const parsed = call.input.safeParse(input)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]
  const parameter = path.map(String).join('.') || 'input'
  throw new StratumError('PARAMETER_INVALID', `${parameter}: ${message}`, `Correct '${parameter}' and try again.`, {
    call: name,
    parameter,
  })
}

/** Serves calls that come in on an endpoint; returns the way to stop. */
export function serve(endpoint: Endpoint, answer: Answer): () => void {
  return endpoint.listen(async (message) => {
    if (!isMessage(message) || message.kind !== 'call') return
    const result = await answer(message.name, message.input)
    try {
      endpoint.post({ kind: 'reply', id: message.id, result })
    } catch (thrown) {
      endpoint.post({ kind: 'reply', id: message.id, result: fail(toReport(thrown)) })
    }
  })
}

/** Sends events through an endpoint. */
export const emitTo =
  <E extends Events>(endpoint: Pick<Endpoint, 'post'>): Emit<E> =>
  (name, payload) =>
    endpoint.post({ kind: 'event', name, payload })
