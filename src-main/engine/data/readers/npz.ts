/** NumPy archives (.npz): the array called X, or the one chosen; one-dimensional arrays beside it go along as labels. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'
import { layoutOption, layoutsByKind } from './npy/layout.ts'

const options = z.object({
  array: z.string().optional().meta({ title: 'Array', description: 'Name of the array to read; by default X, or the first matrix.' }),
  layout: layoutOption,
  ...joinOptions,
})

export const npz: Reader = {
  id: 'npz',
  title: 'NumPy archive',
  kind: 'embedding',
  extensions: ['npz'],
  options,
  readAs: layoutsByKind,
  probe(head, path) {
    const isZip = head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5)
    if (!/\.npz$/i.test(path)) return isZip && firstEntryIsNpy(head) ? 2 : 0
    return isZip ? 2 : 1
  },
  async open(path, chosen, signal) {
    const [{ openNpz }, { withMetadata }] = await Promise.all([import('./npy/npz.ts'), import('../join/join.ts')])
    const own = options.parse(chosen)
    return withMetadata(await openNpz(path, own.array, own.layout), path, own, signal)
  },
}

function firstEntryIsNpy(head: Uint8Array): boolean {
  const length = (head[26] ?? 0) | ((head[27] ?? 0) << 8)
  return new TextDecoder().decode(head.subarray(30, 30 + length)).endsWith('.npy')
}
