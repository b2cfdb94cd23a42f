/** Where the system keeps what can be made again. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** A folder in the user's cache directory, as each system has it; never in the project's folder. */
export function userCacheFolder(
  name: 'chunks' | 'code',
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = homedir()
  if (platform === 'win32') return join(environment.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'Stratum', 'Cache', name)
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'Stratum', name)
  return join(environment.XDG_CACHE_HOME ?? join(home, '.cache'), 'stratum', name)
}
