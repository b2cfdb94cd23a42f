/** What the axes of an array are. */
import { z } from 'zod'

const layouts = ['vectors', 'table', 'image', 'bands', 'times'] as const
export type Layout = (typeof layouts)[number]

/** The layout that a kind of dataset stands for. */
export const layoutsByKind = { table: { layout: 'table' }, raster: { layout: 'image' } } as const

export const layoutOption = z
  .enum(layouts)
  .default('vectors')
  .meta({
    title: 'Layout',
    description:
      'What the axes are: rows of vectors or of a table (rows, columns); an image (height, width, bands); ' +
      'bands of an image (bands, height, width); times of an image (times, height, width, values).',
  })
