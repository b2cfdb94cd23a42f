/** Real files for tests, kept beside the project and never copied into it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const sharedDataRoot = fileURLToPath(new URL('../../../shared/data/', import.meta.url))
export const sharedData = (p: string): string => join(sharedDataRoot, p)
export const hasSharedData = existsSync(sharedDataRoot)
if (!hasSharedData) process.stderr.write(`There is no folder ${sharedDataRoot}: tests on real files are skipped.\n`)
