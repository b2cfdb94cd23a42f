/** Tensors (.safetensors): embeddings and activations of any numeric type, one tensor of the file. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { joinOptions } from '../join/options.ts'
import { isSafetensors } from './safetensors/header.ts'

const options = z.object({
  tensor: z.string().optional().meta({
    title: 'Tensor',
    description: 'Name of the tensor to read; by default one of the usual names, or the largest matrix.',
  }),
  ...joinOptions,
})

export const safetensors: Reader = {
  id: 'safetensors',
  title: 'Safetensors',
  kind: 'embedding',
  extensions: ['safetensors'],
  options,
  probe(head, path) {
    const named = /\.safetensors$/i.test(path)
    return named ? (isSafetensors(head) ? 2 : 1) : isSafetensors(head) && head[9] === 0x22 ? 1 : 0
  },
  async open(path, chosen, signal) {
    const [{ openTensor }, { withMetadata }] = await Promise.all([import('./safetensors/open.ts'), import('../join/join.ts')])
    const own = options.parse(chosen)
    return withMetadata(await openTensor(path, own.tensor), path, own, signal)
  },
}
