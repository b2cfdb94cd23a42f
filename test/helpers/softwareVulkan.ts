/**
 * A graphics card made of software: SwiftShader, which comes with Electron. Importing this points this process and those it
 * starts at it; where that cannot be, `noGraphicsBecause` says why, on stderr too, and tests of the card are skipped.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const resolver = fileURLToPath(new URL('../../src-main/dev/electronRuntime.mjs', import.meta.url))

function electronFolder(): string | null {
  try {
    return dirname(execFileSync(process.execPath, [resolver, 'path'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim())
  } catch {
    return null // the resolver fails where Electron is neither here nor can be fetched
  }
}

function pointAtSwiftShader(): string | null {
  const folder = electronFolder()
  if (!folder) return 'there is no Electron, which brings the software graphics driver along'
  const driver = join(folder, 'vk_swiftshader_icd.json')
  if (!existsSync(driver)) return `Electron in ${folder} has no SwiftShader`
  process.env.VK_DRIVER_FILES = driver
  process.env.VK_ICD_FILENAMES = driver
  // Electron brings Vulkan's loader along as well, for machines without one.
  if (process.platform === 'linux') process.env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, folder].filter(Boolean).join(':')
  return null
}

export const noGraphicsBecause = pointAtSwiftShader()
if (noGraphicsBecause) process.stderr.write(`Tests on a graphics card are skipped: ${noGraphicsBecause}.\n`)
