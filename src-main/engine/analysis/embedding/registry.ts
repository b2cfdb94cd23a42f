/** All ways to lay rows out in a plane. */
import type { EmbeddingMethod } from './define.ts'
import { pca } from './pca.ts'
import { tsne } from './tsne.ts'
import { umap } from './umap.ts'

export const embeddings: readonly EmbeddingMethod[] = [pca, umap, tsne]
