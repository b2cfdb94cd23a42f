/** What the axes of an array are. */
import { z } from 'zod'

const layouts = ['vectors', 'table', 'image', 'bands', 'times'] as const
export type Layout = (typeof layouts)[number]

export const layoutOption = z
  .enum(layouts)
  .default('vectors')
  .meta({
    title: 'Layout',
    description:
      'What the axes are: rows of vectors or of a table (rows, columns); an image (height, width, bands); ' +
      'bands of an image (bands, height, width); times of an image (times, height, width, values).',
  })
