/** Wires a window to its two partners: native calls to this process, and a message port to the engine. */
import { type BrowserWindow, ipcMain, MessageChannelMain } from 'electron'
import type { Emit, Handlers } from '#common/contract/calls.ts'
import { type WindowCalls, windowCalls, type WindowEvents } from '#common/contract/window.ts'
import { answerCalls } from '#common/serve.ts'
import { logBug } from './log.ts'
import type { EngineHost } from './engineHost.ts'
import { isOwnSender } from './security.ts'

export function connectWindow(window: BrowserWindow, engine: EngineHost, handlers: Handlers<WindowCalls>): Emit<WindowEvents> {
  const answer = answerCalls(windowCalls, handlers, (thrown, call) => logBug(`window call ${call}`, thrown))
  ipcMain.handle('call', (event, name: string, input: unknown) => {
    if (!isOwnSender(event)) throw new Error('A call from a page that is not ours.')
    return answer(name, input)
  })

  // Events before the page listens (a project given at start) wait for it.
  let waiting: (() => void)[] | null = []
  const post = (channel: string, ...words: unknown[]): void => {
    const send = (): void => {
      if (!window.isDestroyed()) window.webContents.send(channel, ...words)
    }
    if (waiting) waiting.push(send)
    else send()
  }
  const givePort = (): void => {
    if (window.isDestroyed()) return
    const { port1, port2 } = new MessageChannelMain()
    engine.connect(port1)
    window.webContents.postMessage('engine-port', null, [port2])
  }

  ipcMain.on('ready', (event) => {
    if (!isOwnSender(event)) return
    givePort()
    const sends = waiting ?? []
    waiting = null
    for (const send of sends) send()
  })
  window.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) waiting ??= []
  })

  let reasonOfLoss: string | null = null
  engine.onLost((reason) => {
    reasonOfLoss = reason
    post('engine-lost', reason)
  })
  engine.onStarted(() => {
    if (!waiting) givePort()
  })
  engine.onAlive(() => {
    if (reasonOfLoss !== null) post('event', 'engineRestarted', { reason: reasonOfLoss })
    reasonOfLoss = null
  })
  return (name, payload) => post('event', name, payload)
}
