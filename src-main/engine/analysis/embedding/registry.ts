/** All ways to lay rows out in a plane. */
import type { EmbeddingMethod } from './define.ts'
import { pca } from './pca.ts'

export const embeddings = [pca] as unknown as readonly EmbeddingMethod[]
