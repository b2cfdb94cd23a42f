/**
 * Calls and events over anything that carries structured clones: a message port, a child process, a utility process.
 *
 * Three messages: a call goes out, a reply comes back under the same id, an event goes out to whoever listens. Typed arrays
 * travel as they are. This is the caller's side; serve.ts is the other.
 */
import type { Calls, Client, Events, Subscribe } from './contract/calls.ts'
import { fail, type Result } from './result.ts'

/** One end of a connection. `listen` returns the way to stop listening. */
export interface Endpoint {
  post(message: Message): void
  listen(receive: (message: unknown) => void): () => void
}

export type Message =
  | { readonly kind: 'call'; readonly id: string; readonly name: string; readonly input: unknown }
  | { readonly kind: 'reply'; readonly id: string; readonly result: Result<unknown> }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown }

export function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
}

export interface Connection<T extends Calls, E extends Events> {
  readonly client: Client<T>
  readonly on: Subscribe<E>
  /** Sends from now on through another endpoint. Calls sent through the old one fail with ENGINE_LOST. */
  attach(endpoint: Endpoint): void
  /** Fails everything that waits with ENGINE_LOST; calls made afterwards wait for the next `attach`. */
  detach(reason: string): void
}

/**
 * The caller's side of a conversation. It outlives its endpoint: a call made while there is none waits for the next one,
 * so a window may ask before its engine is up.
 */
export function connect<T extends Calls, E extends Events>(): Connection<T, E> {
  // Tells replies to this page from replies to the page that was here before a reload.
  const session = Math.random().toString(36).slice(2)
  const pending = new Map<string, { call: Message; sent: boolean; settle: (result: Result<unknown>) => void }>()
  const listeners = new Map<string, Set<(payload: never) => void>>()
  let endpoint: Endpoint | null = null
  let stopListening = (): void => {}
  let count = 0

  const receive = (message: unknown): void => {
    if (!isMessage(message)) return
    if (message.kind === 'reply') {
      pending.get(message.id)?.settle(message.result)
      pending.delete(message.id)
    } else if (message.kind === 'event') {
      for (const listener of listeners.get(message.name) ?? []) (listener as (payload: unknown) => void)(message.payload)
    }
  }

  const lose = (id: string, settle: (result: Result<unknown>) => void, reason: string): void => {
    pending.delete(id)
    const hint = 'It is started again by itself; then repeat what you did. Finished steps are kept.'
    settle(fail({ code: 'ENGINE_LOST', message: reason, hint, where: {} }))
  }

  const detach = (reason: string): void => {
    stopListening()
    stopListening = () => {}
    endpoint = null
    for (const [id, { settle }] of pending) {
      lose(id, settle, reason)
    }
  }

  const send = (id: string): void => {
    const waiting = pending.get(id)
    if (!waiting || !endpoint) return
    waiting.sent = true
    try {
      endpoint.post(waiting.call)
    } catch (error) {
      // Not cloneable: a fault of the caller, told like any other failed call.
      pending.delete(id)
      const message = error instanceof Error ? error.message : String(error)
      waiting.settle(
        fail({
          code: 'PARAMETER_INVALID',
          message: `The input cannot be sent: ${message}`,
          hint: 'Send plain values and typed arrays only.',
          where: {},
        }),
      )
    }
  }

  const client = new Proxy({} as Client<T>, {
    get: (_target, name) => (input: unknown) =>
      new Promise<Result<unknown>>((settle) => {
        const id = `${session}:${count++}`
        pending.set(id, { call: { kind: 'call', id, name: String(name), input }, sent: false, settle })
        send(id)
      }),
  })

  return {
    client,
    on(name, listener) {
      const registered = listeners.get(name) ?? new Set()
      listeners.set(name, registered)
      registered.add(listener as (payload: never) => void)
      return () => registered.delete(listener as (payload: never) => void)
    },
    attach(next) {
      // What was sent to the old one gets no answer any more; what still waits goes to the new one.
      for (const [id, { sent, settle }] of pending) if (sent) lose(id, settle, 'The connection to the engine was replaced.')
      stopListening()
      endpoint = next
      stopListening = next.listen(receive)
      for (const id of [...pending.keys()]) send(id)
    },
    detach,
  }
}
