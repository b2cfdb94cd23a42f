/** The two ways to run the engine, with one face. */
import { type MessagePortMain, utilityProcess } from 'electron'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface EngineProcess {
  connect(port: MessagePortMain): void
  isRunning(): boolean
  stop(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface EngineWatcher {
  /** About every two seconds; the first time when the engine is up. */
  onLoad(rssBytes: number): void
  onExit(how: string): void
}

const besideBundle = (path: string): string => fileURLToPath(new URL(path, import.meta.url)).replace('app.asar', 'app.asar.unpacked')
const engineFile = besideBundle('./engine.js')

/** A port goes to the utility process whole, so the window speaks to it directly. */
export function spawnUtility({ onLoad, onExit }: EngineWatcher): EngineProcess {
  const child = utilityProcess.fork(engineFile, [], { serviceName: 'Stratum engine', stdio: 'inherit' })
  let running = true
  child.on('message', (message) => {
    if (isLoad(message)) onLoad(message.rssBytes)
  })
  child.once('exit', (code) => {
    running = false
    onExit(`exit code ${code}`)
  })
  return {
    connect: (port) => child.postMessage({ kind: 'connect' }, [port]),
    isRunning: () => running,
    stop(signal) {
      if (signal === 'SIGKILL' && child.pid) process.kill(child.pid, signal)
      else child.kill()
    },
  }
}

/** A plain Node has one channel to its parent; the latest port is joined to it, older ones are closed. */
export function spawnChild({ onLoad, onExit }: EngineWatcher): EngineProcess {
  const child = spawn(nodeExecutable(), [engineFile], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  let running = true
  let windowPort: MessagePortMain | null = null
  child.on('message', (message) => {
    if (isLoad(message)) onLoad(message.rssBytes)
    else windowPort?.postMessage(message)
  })
  const ended = (how: string): void => {
    if (!running) return
    running = false
    windowPort?.close()
    onExit(how)
  }
  child.once('exit', (code, signal) => ended(signal ? `signal ${signal}` : `exit code ${code}`))
  child.once('error', (error) => ended(`it could not be started: ${error.message}`))
  return {
    connect(port) {
      windowPort?.close()
      windowPort = port
      port.on('message', ({ data }) => {
        if (child.connected) child.send(data)
      })
      port.start()
    },
    isRunning: () => running,
    stop: (signal) => void child.kill(signal),
  }
}

const isLoad = (message: unknown): message is { rssBytes: number } =>
  typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'load'

/** ENGINE_NODE, the Node that npm installed for this platform, or the one on the PATH. */
function nodeExecutable(): string {
  if (process.env.ENGINE_NODE) return process.env.ENGINE_NODE
  const packaged = besideBundle(`../../node_modules/node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}/bin/`)
  const executable = join(packaged, process.platform === 'win32' ? 'node.exe' : 'node')
  return existsSync(executable) ? executable : 'node'
}
