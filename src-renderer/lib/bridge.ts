/**
 * The window's two partners: `engine` computes and keeps the project, `native` is the desktop around the window.
 * The engine may die and come back; calls that waited for it then fail with ENGINE_LOST, and later ones reach the new one.
 */
import type { Client, Subscribe } from '#common/contract/calls.ts'
import type { EngineCalls, EngineEvents } from '#common/contract/engine.ts'
import type { WindowCalls, WindowEvents } from '#common/contract/window.ts'
import type { Result } from '#common/result.ts'
import { connect, type Endpoint } from '#common/rpc.ts'

/** What the preload script puts into the page (src-main/preload/index.ts). */
interface Preload {
  call(name: string, input: unknown): Promise<unknown>
  onEvent(listener: (name: string, payload: unknown) => void): void
  onEngineLost(listener: (reason: string) => void): void
  ready(): void
  pathOfFile(file: File): string
}
const { stratum } = window as unknown as { stratum: Preload }

const toEngine = connect<EngineCalls, EngineEvents>()
const toNative = connect<WindowCalls, WindowEvents>()

export const engine: Client<EngineCalls> = toEngine.client
export const onEngine: Subscribe<EngineEvents> = toEngine.on
export const native: Client<WindowCalls> = toNative.client
export const onWindow: Subscribe<WindowEvents> = toNative.on

/** Absolute path of a file dropped on the window. */
export const pathOfFile = (file: File): string => stratum.pathOfFile(file)

function portEndpoint(port: MessagePort): Endpoint {
  return {
    post: (message) => port.postMessage(message),
    listen(receive) {
      port.onmessage = ({ data }) => receive(data)
      return () => port.close()
    },
  }
}

let deliver: (message: unknown) => void = () => {}
toNative.attach({
  post(message) {
    if (message.kind !== 'call') return
    const { id, name, input } = message
    const reply = (result: Result<unknown>): void => deliver({ kind: 'reply', id, result })
    stratum.call(name, input).then(
      (result) => reply(result as Result<unknown>),
      (error: Error) =>
        reply({ ok: false, error: { code: 'INTERNAL', message: error.message, hint: 'Restart the app.', where: { call: name } } }),
    )
  },
  listen(receive) {
    deliver = receive
    stratum.onEvent((name, payload) => receive({ kind: 'event', name, payload }))
    return () => {}
  },
})

window.addEventListener('message', ({ source, data, ports }) => {
  if (source === window && data === 'engine-port' && ports.length === 1) toEngine.attach(portEndpoint(ports[0]))
})
stratum.onEngineLost((reason) => toEngine.detach(reason))
stratum.ready()
