/** Projects that exist before a window opens them. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const script = fileURLToPath(new URL('../helpers/commands.ts', import.meta.url))

/** Command lines, one after another; rejects with what the first that fails has said. */
export async function stratum(...commands: readonly (readonly string[])[]): Promise<void> {
  await promisify(execFile)(process.execPath, [script, JSON.stringify(commands)])
}
