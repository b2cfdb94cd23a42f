/** The window's pages come from `app://stratum/`, a scheme that reads the built files and nothing else. */
import { net, protocol } from 'electron'
import { join, normalize, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const appOrigin = 'app://stratum'
/** Set by the development server only. */
export const developmentUrl = process.env.ELECTRON_RENDERER_URL

const rendererFolder = fileURLToPath(new URL('../renderer/', import.meta.url))

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // Plots and maps place their elements with inline styles.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])
}

export function serveApp(): void {
  protocol.handle('app', async ({ url }) => {
    const { host, pathname } = new URL(url)
    const file = normalize(join(rendererFolder, decodeURIComponent(pathname)))
    if (host !== 'stratum' || !file.startsWith(rendererFolder) || file.endsWith(sep)) return new Response(null, { status: 404 })
    try {
      const found = await net.fetch(pathToFileURL(file).href)
      const headers = new Headers(found.headers)
      headers.set('Content-Security-Policy', contentSecurityPolicy)
      headers.set('X-Content-Type-Options', 'nosniff')
      return new Response(found.body, { status: found.status, headers })
    } catch {
      // net.fetch throws for a file that is not there.
      return new Response(null, { status: 404 })
    }
  })
}
