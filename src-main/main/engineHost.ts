/**
 * Starts the engine, watches it, and starts it again when it dies.
 *
 * The engine needs N-API 10 (SQLite's binding). Where Electron offers that, the engine is a utility process and the window
 * gets a message port straight to it. Where it does not, the engine is a child of a plain Node, and this process carries
 * the messages between that child's channel and the window's port.
 */
import type { MessagePortMain } from 'electron'
import { logLine } from './log.ts'
import { type EngineProcess, spawnChild, spawnUtility } from './engineProcess.ts'

const requiredNapi = 10
const restartDelaysMs = [100, 500, 2000, 10_000]
/** An engine that lived this long was healthy; its death counts as the first again. */
const healthyAfterMs = 30_000
const stopTimeoutMs = 3000

export interface EngineHost {
  /** Joins a port of the window to the running engine. Messages sent before the engine is up are kept for it. */
  connect(port: MessagePortMain): void
  /** A new engine process was started; ports to the old one are dead. */
  onStarted(listener: () => void): void
  /** The engine answers for the first time after its start. */
  onAlive(listener: () => void): void
  onLost(listener: (reason: string) => void): void
  /** Resident memory of the engine, as it last said; 0 while there is none. */
  rssBytes(): number
  dispose(): Promise<void>
}

export function startEngineHost(): EngineHost {
  const spawnEngine = Number(process.versions.napi) >= requiredNapi ? spawnUtility : spawnChild
  const listeners = { started: [] as (() => void)[], alive: [] as (() => void)[], lost: [] as ((reason: string) => void)[] }
  let engine: EngineProcess
  let rssBytes = 0
  let deaths = 0
  let restart: NodeJS.Timeout | undefined
  let stopped: (() => void) | null = null

  const start = (): void => {
    const startedAt = Date.now()
    rssBytes = 0
    engine = spawnEngine({
      onLoad(bytes) {
        const isFirst = rssBytes === 0
        rssBytes = bytes
        if (isFirst) for (const listener of listeners.alive) listener()
      },
      onExit(how) {
        rssBytes = 0
        if (stopped) return stopped()
        if (Date.now() - startedAt > healthyAfterMs) deaths = 0
        const delayMs = restartDelaysMs[Math.min(deaths, restartDelaysMs.length - 1)]
        deaths += 1
        const reason = `The engine ended unexpectedly (${how}).`
        logLine(`${reason} Starting it again in ${delayMs} ms.`)
        for (const listener of listeners.lost) listener(reason)
        restart = setTimeout(start, delayMs)
      },
    })
    for (const listener of listeners.started) listener()
  }
  start()

  return {
    connect: (port) => engine.connect(port),
    onStarted: (listener) => void listeners.started.push(listener),
    onAlive: (listener) => void listeners.alive.push(listener),
    onLost: (listener) => void listeners.lost.push(listener),
    rssBytes: () => rssBytes,
    async dispose() {
      clearTimeout(restart)
      if (!engine.isRunning()) return
      await new Promise<void>((resolve) => {
        stopped = resolve
        // Its project is safe whenever it ends; the grace lets it close files and remove its lock.
        setTimeout(() => engine.stop('SIGKILL'), stopTimeoutMs)
        engine.stop('SIGTERM')
      })
    },
  }
}
