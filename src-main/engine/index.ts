/**
 * The engine's front door. Started by the window's main process, either as a utility process (one message port per window,
 * handed over by the parent) or as a child of plain Node (one channel, bridged by the parent). The same service runs in both.
 */
import type { Emit } from '#common/contract/calls.ts'
import { engineCalls, type EngineEvents } from '#common/contract/engine.ts'
import type { Endpoint, Message } from '#common/rpc.ts'
import { answerCalls, serve } from '#common/serve.ts'
import { endWorkers } from './compute/numericWorker.ts'
import { createService } from './service/service.ts'

const loadIntervalMs = 2000

/** What Electron gives a utility process; its types are not ours to import here. */
interface UtilityPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown; ports: UtilityPort[] }) => void): void
  on(event: 'close', listener: () => void): void
  off(event: 'message', listener: (event: { data: unknown; ports: UtilityPort[] }) => void): void
  start(): void
}

const windows = new Set<Endpoint>()
const emit: Emit<EngineEvents> = (name, payload) => {
  for (const endpoint of windows) endpoint.post({ kind: 'event', name, payload })
}
const service = createService(emit)
const answer = answerCalls(engineCalls, service, (thrown, call) => {
  process.stderr.write(`engine: ${call} failed unexpectedly: ${thrown instanceof Error ? thrown.stack : String(thrown)}\n`)
})

function openUtilityProcess(parent: UtilityPort): void {
  parent.on('message', ({ ports }) => {
    for (const port of ports) {
      const endpoint = portEndpoint(port)
      const stop = serve(endpoint, answer)
      windows.add(endpoint)
      port.on('close', () => {
        windows.delete(endpoint)
        stop()
      })
      port.start()
    }
  })
  reportLoad((message) => parent.postMessage(message))
}

function portEndpoint(port: UtilityPort): Endpoint {
  return {
    post: (message) => port.postMessage(message),
    listen(receive) {
      const onMessage = (event: { data: unknown }): void => receive(event.data)
      port.on('message', onMessage)
      return () => port.off('message', onMessage)
    },
  }
}

function openChildProcess(send: (message: unknown) => void): void {
  const endpoint: Endpoint = {
    post: (message: Message) => send(message),
    listen(receive) {
      process.on('message', receive)
      return () => process.off('message', receive)
    },
  }
  windows.add(endpoint)
  serve(endpoint, answer)
  reportLoad(send)
  // The parent is gone, however it ended: nobody is left to work for.
  process.once('disconnect', () => end(0))
}

/** The window shows the engine's memory; only the engine can tell it on every platform. */
function reportLoad(send: (message: unknown) => void): void {
  const report = (): void => send({ kind: 'load', rssBytes: process.memoryUsage.rss() })
  report()
  setInterval(report, loadIntervalMs).unref()
}

async function end(code: number): Promise<void> {
  windows.clear()
  await service.dispose()
  await endWorkers()
  process.exit(code)
}

const { parentPort } = process as unknown as { parentPort?: UtilityPort }
if (parentPort) openUtilityProcess(parentPort)
else if (process.send) openChildProcess((message) => process.connected && process.send?.(message))
else {
  process.stderr.write('The engine is started by the window. From a terminal use: npm run stratum -- --help\n')
  process.exitCode = 2
}
process.once('SIGTERM', () => end(0))
