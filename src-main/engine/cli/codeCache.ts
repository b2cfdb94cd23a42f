/**
 * Compiled code is kept between commands. Reading some hundred sources anew takes a processor more than a second, which is most
 * of what a short command costs; from the cache it takes less than half. Node holds each entry against its source.
 */
import { enableCompileCache } from 'node:module'
import { userCacheFolder } from '../data/chunkStore/folder.ts'

/** A folder that cannot be written is no error: then sources are read. `NODE_COMPILE_CACHE` names another. */
export function keepCompiledCode(): void {
  enableCompileCache(process.env.NODE_COMPILE_CACHE || userCacheFolder('code'))
}
