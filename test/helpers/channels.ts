/** Connected ends of the two kinds of channel that the app uses, for tests of what travels through them. */
import { type ChildProcess, fork } from 'node:child_process'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Endpoint } from '#common/rpc.ts'

function portEndpoint(port: MessagePort): Endpoint {
  return {
    post: (message) => port.postMessage(message),
    listen(receive) {
      port.on('message', receive)
      return () => port.off('message', receive)
    },
  }
}

/** Both ends of a message port, as between the window and a utility process. */
export function openPort(): { near: Endpoint; far: Endpoint; close(): void } {
  const { port1, port2 } = new MessageChannel()
  return { near: portEndpoint(port1), far: portEndpoint(port2), close: () => port1.close() }
}

/** The parent's end of a child of plain Node, as the main process starts the engine on an older Electron. */
export function openChild(file: string): { near: Endpoint; child: ChildProcess } {
  const child = fork(file, { serialization: 'advanced' })
  return {
    child,
    near: {
      post: (message) => child.send(message),
      listen(receive) {
        child.on('message', receive)
        return () => child.off('message', receive)
      },
    },
  }
}
