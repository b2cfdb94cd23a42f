/**
 * Transport between the page and the outside, no logic. The page gets `window.stratum` and, as a window message, a port
 * to the engine each time one is opened.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'

export interface PreloadApi {
  /** A native call (contract/window.ts); answers with a Result. */
  call(name: string, input: unknown): Promise<unknown>
  onEvent(listener: (name: string, payload: unknown) => void): void
  onEngineLost(listener: (reason: string) => void): void
  /** Says that the page listens; the first engine port follows. */
  ready(): void
  /** Absolute path of a dropped file. */
  pathOfFile(file: File): string
}

const api: PreloadApi = {
  call: (name, input) => ipcRenderer.invoke('call', name, input),
  onEvent(listener) {
    ipcRenderer.on('event', (_event, name: string, payload: unknown) => listener(name, payload))
  },
  onEngineLost(listener) {
    ipcRenderer.on('engine-lost', (_event, reason: string) => listener(reason))
  },
  ready: () => ipcRenderer.send('ready'),
  pathOfFile: (file) => webUtils.getPathForFile(file),
}
contextBridge.exposeInMainWorld('stratum', api)

// A port cannot cross the bridge as a value; it can as part of a message.
ipcRenderer.on('engine-port', ({ ports }) => window.postMessage('engine-port', '*', ports))
