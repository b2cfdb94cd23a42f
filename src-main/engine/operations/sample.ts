/** The built-in sample scene: written by a seeded generator, then imported like any other file. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { defineOperation } from './define.ts'
import { importFile } from './import.ts'

export const sampleOperation = defineOperation({
  id: 'sample',
  version: 1,
  title: 'Sample scene',
  summary: 'Writes the built-in multispectral scene with its truth layers and imports it.',
  inputs: {},
  params: z.object({
    directory: z.string().min(1).meta({ title: 'Folder', description: 'Where the scene and its truth layers are written.' }),
    width: z.int().min(64).max(20_000).default(512).meta({ title: 'Width', unit: 'px', description: 'Pixels from west to east.' }),
    height: z.int().min(64).max(20_000).default(512).meta({ title: 'Height', unit: 'px', description: 'Pixels from north to south.' }),
    bands: z.int().min(4).max(64).default(10).meta({ title: 'Bands', description: 'How many spectral bands the scene has.' }),
  }),
  produces: 'dataset',
  ignores: ['device'],
  nameFor: () => 'folded ranges',
  // The scene belongs to the project no more once its file is gone; it is then written again.
  isStale: (artifact) => !existsSync((artifact.meta as unknown as DatasetMeta).source.absolutePath),
  async run(ctx) {
    const { directory, width, height, bands } = ctx.params
    ctx.report({ stage: 'Writing the scene', fraction: null })
    const { writeScene } = await import('../sample/scene.ts')
    const { scene } = await writeScene(resolve(directory), { width, height, bands, seed: ctx.seed, signal: ctx.signal })
    return importFile(ctx, scene, 'raster', {})
  },
})
