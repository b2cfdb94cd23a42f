/** The app is offline: whatever is not its own page is refused, and so is every permission but copying to the clipboard. */
import { type IpcMainInvokeEvent, type IpcMainEvent, session } from 'electron'
import { appOrigin, developmentUrl } from './protocol.ts'

const ownSchemes = new Set(['app:', 'blob:', 'data:', 'devtools:'])

/** Is it one of our own pages? In development they come from a server on this machine. */
export function isOwnUrl(url: string): boolean {
  const { protocol, host } = new URL(url)
  return protocol === 'app:' || (developmentUrl !== undefined && host === new URL(developmentUrl).host)
}

export function closeNetwork(): void {
  const { defaultSession } = session
  defaultSession.webRequest.onBeforeRequest(({ url, webContentsId }, decide) => {
    // A request without a page is the main process reading a built file for app://.
    const isOwnFile = webContentsId === undefined && url.startsWith('file:')
    decide({ cancel: !(isOwnFile || ownSchemes.has(new URL(url).protocol) || isOwnUrl(url)) })
  })
  defaultSession.setPermissionRequestHandler((_contents, permission, decide, { requestingUrl }) => {
    decide(permission === 'clipboard-sanitized-write' && isOwnUrl(requestingUrl))
  })
  defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin) => permission === 'clipboard-sanitized-write' && isOwnUrl(origin || appOrigin),
  )
  defaultSession.setDevicePermissionHandler(() => false)
  // No dictionary is fetched for spell checking.
  defaultSession.setSpellCheckerEnabled(false)
}

/** Messages are taken from our own page's top frame only. */
export const isOwnSender = ({ senderFrame }: IpcMainInvokeEvent | IpcMainEvent): boolean =>
  senderFrame !== null && senderFrame.parent === null && isOwnUrl(senderFrame.url)
