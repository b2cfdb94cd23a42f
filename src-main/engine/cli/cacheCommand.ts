/** `cache`: what is kept of decoded sources, and away with it. */
import { counted } from '#common/domain/words.ts'
import { StratumError } from '#common/errors.ts'
import { chunkStore } from '../data/chunkStore/chunkStore.ts'
import type { Command } from './command.ts'
import { usageError } from './parse.ts'
import { formatCount, formatTable } from './printer.ts'
import { chooseCache, parseSize } from './workspace.ts'

const megabytes = (bytes: number): string => `${formatCount(bytes / 1e6)} MB`

export const cacheCommand: Command = {
  name: 'cache',
  usage: '[clear]',
  summary: 'Says how much is kept of decoded sources, so that they are read faster the next time; clear deletes it.',
  options: [
    { name: 'cache', value: '<folder>', description: "Another folder than the user's cache" },
    {
      name: 'limit',
      value: '<size>',
      description: 'Keep at most as much, e.g. 10GB; what was not used for longest goes first, 0 keeps nothing',
    },
  ],
  async run(call) {
    const [what] = call.arguments
    if (what !== undefined && what !== 'clear') throw usageError(`'cache' knows clear; got '${what}'.`, 'Usage: stratum cache [clear]')
    chooseCache(call)
    const store = chunkStore()
    if (store === null) throw new StratumError('USAGE', 'The cache is switched off (STRATUM_CACHE=off).', 'Name a folder with --cache.')
    const limit = call.text('limit')
    if (limit !== undefined) await store.setLimit(parseSize(limit, 'limit'))
    const cleared = what === 'clear' ? await store.clear() : null
    const info = await store.info()
    const facts = [
      ['folder', info.folder],
      ['kept', `${megabytes(info.bytes)} in ${info.entries} files`],
      ['at most', megabytes(info.limitBytes)],
      ...(cleared ? [['deleted', `${megabytes(cleared.bytes)} in ${counted(cleared.entries, 'file')}`]] : []),
    ]
    return { result: { ...info, ...(cleared ? { deleted: cleared } : {}) }, text: formatTable(facts) }
  },
}
