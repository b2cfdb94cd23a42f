/** What an export is asked for, and which format a file name says. */
import { extname } from 'node:path'
import { z } from 'zod'
import { RowSelection } from '#common/domain/selection.ts'
import { StratumError } from '#common/errors.ts'
import { besideChoices } from './table.ts'

export const Target = z.enum([
  'geotiff',
  'png',
  'csv',
  'npy',
  'report',
  'onnx',
  'safetensors',
  'saelens',
  'geojson',
  'geopackage',
  'json',
  'h5ad',
])
export type Target = z.output<typeof Target>

const targetOfExtension: Readonly<Record<string, Target>> = {
  '.tif': 'geotiff',
  '.tiff': 'geotiff',
  '.png': 'png',
  '.csv': 'csv',
  '.json': 'json',
  '.npy': 'npy',
  '.html': 'report',
  '.onnx': 'onnx',
  '.safetensors': 'safetensors',
  '.geojson': 'geojson',
  '.gpkg': 'geopackage',
  '.h5ad': 'h5ad',
}

export const params = z.object({
  path: z
    .string()
    .min(1)
    .meta({ title: 'File', description: 'Written whole or not at all; files that belong to it (styles, names) stand beside it.' }),
  target: Target.nullable().default(null).meta({
    title: 'Format',
    description:
      'By the file name when empty: .tif, .png, .csv, .npy, .html, .h5ad (AnnData, for scanpy); the classes of a clustering as .json; classes or anomalous objects as polygons in .gpkg or .geojson; a model as .onnx or .safetensors. A sparse autoencoder can also become a folder for SAELens.',
  }),
  compression: z
    .enum(['deflate', 'lzw', 'none'])
    .default('deflate')
    .meta({ title: 'Compression', description: 'Of GeoTIFF and AnnData. DEFLATE is smallest; LZW opens in older tools.', advanced: true }),
  list: z
    .enum(['rows', 'classes', 'flagged', 'events', 'objects'])
    .default('rows')
    .meta({
      title: 'A table lists',
      labels: {
        rows: 'Every row',
        classes: 'Classes with size, area and profile',
        flagged: 'Flagged rows with blame and reviews',
        events: 'Events',
        objects: 'Objects',
      },
      description:
        'As a table (.csv): all rows; of a clustering its classes; of scores what was found above the threshold with what you said of it.',
      advanced: true,
    }),
  minimumPixels: z.int().min(1).max(1_000_000).nullable().default(null).meta({
    title: 'Smallest object',
    unit: 'pixels',
    description: 'Of anomalous objects; as they were scored when empty.',
    advanced: true,
  }),
  takes: z.enum(['raw', 'prepared']).default('raw').meta({
    title: 'A model takes',
    description: 'Raw columns, with the preparation inside the file, or rows that were prepared already.',
    advanced: true,
  }),
  parts: z.enum(['separate', 'together']).default('separate').meta({
    title: 'Ways of a model',
    description: 'Encoder and decoder in a file each, or both in one that also gives the reconstruction error.',
    advanced: true,
  }),
  beside: z
    .enum(besideChoices)
    .default('labels')
    .meta({
      title: 'Beside results',
      labels: { nothing: 'Only the row index', labels: 'Names and labels of the rows', columns: 'All columns of the data' },
      description:
        'What a table (.csv) or the obs of AnnData (.h5ad) say of each row besides the result and its index: its number from 0, and of cells in AnnData the barcode. Names and labels are the fields that were not learned from, read from the file of the data.',
    }),
  matrix: z
    .enum(['with', 'without'])
    .default('with')
    .meta({
      title: 'Data matrix',
      labels: { with: 'With the data as X', without: 'Results only' },
      description:
        'Of AnnData (.h5ad): the data as they are in their file, as X, sparse where they are sparse there, with categories and dates in obs; without it the file is small and is put beside the data by the names of its rows.',
    }),
  formulas: z
    .enum(['guarded', 'exact'])
    .default('guarded')
    .meta({
      title: 'Texts like formulas',
      labels: { guarded: 'With an apostrophe', exact: 'As they are' },
      description:
        'Texts of a table (.csv) that begin with = + - or @ and are no numbers are run by spreadsheets when the file is opened. An apostrophe before them keeps them texts; choose the other where a program reads the file and names have to stay as they are.',
      advanced: true,
    }),
  within: RowSelection.nullable().default(null).meta({
    title: 'Only these rows',
    description: 'A selection: a table (.csv) or AnnData (.h5ad) then holds no others.',
    advanced: true,
  }),
})
export type Params = z.output<typeof params>

export function chooseTarget({ path, target }: Params): Target {
  const chosen = target ?? targetOfExtension[extname(path).toLowerCase()]
  if (chosen) return chosen
  throw new StratumError(
    'UNKNOWN_FORMAT',
    `The file name “${path}” does not say a format.`,
    `End it in ${Object.keys(targetOfExtension).join(', ')}, or choose the format.`,
    { parameter: 'path' },
  )
}
