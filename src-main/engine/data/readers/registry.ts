/** Every file format that can be read. Adding one is adding a file and a line here. */
import { readdir, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { StratumError } from '#common/errors.ts'
import type { Reader } from '../dataset.ts'
import { vectorFormat } from '../vector/open.ts'
import { arrow } from './arrow.ts'
import { csv } from './csv.ts'
import { envi } from './envi.ts'
import { geneTable } from './geneTable.ts'
import { geotiff } from './geotiff.ts'
import { guardedReader } from './guard.ts'
import { h5ad } from './h5ad.ts'
import { jsonLines } from './jsonLines.ts'
import { loom } from './loom.ts'
import { mat } from './mat.ts'
import { mtx } from './mtx.ts'
import { netcdf } from './netcdf.ts'
import { npy } from './npy.ts'
import { npz } from './npz.ts'
import { parquet } from './parquet.ts'
import { openRandomAccess } from './randomAccess.ts'
import { safetensors } from './safetensors.ts'
import { stack } from './stack.ts'
import { tenx } from './tenx.ts'
import { xlsx } from './xlsx.ts'

export const readers: readonly Reader[] = [
  geotiff,
  stack,
  envi,
  mat,
  netcdf,
  h5ad,
  tenx,
  loom,
  mtx,
  npy,
  npz,
  safetensors,
  parquet,
  arrow,
  xlsx,
  jsonLines,
  geneTable,
  csv,
].map(guardedReader)

const twice = readers.find((reader, i) => readers.findIndex((other) => other.id === reader.id) !== i)
if (twice) throw new Error(`reader '${twice.id}' is registered twice`)

/** 'GeoTIFF (.tif .tiff), CSV table (.csv …)', for messages. */
export const readableFormats = (): string =>
  readers
    .map((reader) =>
      [
        reader.title,
        ...(reader.extensions.length > 0 ? [`(${reader.extensions.map((extension) => `.${extension}`).join(' ')})`] : []),
      ].join(' '),
    )
    .join(', ')

const otherFormats: readonly (readonly [mark: (head: Uint8Array, text: string) => boolean, name: string, hint: string])[] = [
  [
    (_, text) => text.startsWith('version https://git-lfs'),
    'a Git LFS pointer: a note that stands for the real file',
    'Fetch the real file with git lfs pull.',
  ],
  [(_, text) => /^\s*<(!doctype|html)/i.test(text), 'a web page, probably saved in place of the file', 'Download the file itself.'],
  [
    (head, text) => text.startsWith('\u0000\u0000\u0000\u000cjP  ') || (head[0] === 0xff && head[1] === 0x4f && head[2] === 0xff),
    'a JPEG 2000 image',
    'Convert it with GDAL first: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE in.jp2 out.tif',
  ],
  [
    (head) => head[0] === 0xd0 && head[1] === 0xcf && head[2] === 0x11 && head[3] === 0xe0,
    'an Excel workbook of before 2007, or one with a password',
    'Save it as .xlsx without a password.',
  ],
  [
    (head) => vectorFormat(head, '') !== null,
    'a file of polygons or points',
    'Open the raster it belongs to, and use this file as the region or as the labels there.',
  ],
  [
    (head, text) =>
      text.startsWith('<stata_dta>') || (head[0] >= 0x71 && head[0] <= 0x73 && head[1] <= 2 && head[2] === 1 && head[3] === 0),
    'a Stata file',
    'Write it as CSV first: export delimited in Stata, or pandas.read_stata(…).to_csv(…).',
  ],
  [
    (_, text) => text.startsWith('$FL2') || text.startsWith('$FL3'),
    'an SPSS file',
    'Save it as CSV there, or read it with pandas.read_spss and write it with to_csv.',
  ],
  [
    (_, text) => text.slice(84, 92) === 'SAS FILE' || text.startsWith('HEADER RECORD*******LIB'),
    'a SAS file',
    'Write it as CSV first: proc export, or pandas.read_sas(…).to_csv(…).',
  ],
  [
    (_, text) => /^(?:RD[AX][23]\n|X\n\0{3}[\x02\x03])/.test(text),
    'a file of R objects',
    'Write the table with write.csv in R, or single cells as .h5ad.',
  ],
  [(_, text) => text.startsWith('%PDF'), 'a PDF document', 'Choose a data file.'],
  [
    (head) => head[0] === 0x80 && (head[1] ?? 0) <= 5 && (head[1] ?? 0) >= 2,
    'a Python pickle, which could run code',
    'Save the array with numpy.save instead.',
  ],
]

/**
 * The reader for a file: the surest by its first 4 KB, its extension second.
 * @param as a reader id or a dataset kind ('raster', 'table' …) that the user chose
 * @throws FORMAT_UNKNOWN naming what can be read, UNKNOWN_FORMAT for an unknown `as`, and what opening a file throws
 */
export async function readerFor(path: string, as?: string): Promise<Reader> {
  const wanted =
    as === undefined
      ? readers
      : readers.filter((reader) => reader.id === as || reader.kind === as || (reader.readAs && Object.hasOwn(reader.readAs, as)))
  if (wanted.length === 0)
    throw new StratumError(
      'UNKNOWN_FORMAT',
      `There is no format called '${as}'.`,
      `Choose one of ${readers.map((reader) => reader.id).join(', ')}, or a kind: raster, table, cells, embedding.`,
      { as: as as string },
    )
  if ((await stat(path).catch(() => null))?.isDirectory()) return folderReader(path, wanted)
  const file = await openRandomAccess(path)
  let head: Uint8Array
  try {
    head = await file.readUpTo(0, 4096)
  } finally {
    await file.close()
  }
  const sure = wanted.find((reader) => reader.probe(head, path) === 2)
  if (sure) return sure
  const text = new TextDecoder('latin1').decode(head.subarray(0, 256))
  const other = otherFormats.find(([mark]) => mark(head, text))
  if (other) throw new StratumError('FORMAT_UNKNOWN', `This is ${other[1]}.`, `${other[2]} Readable are ${readableFormats()}.`, { path })
  const extension = extname(path).slice(1).toLowerCase()
  const plausible = wanted.filter((reader) => reader.probe(head, path) === 1)
  for (const reader of plausible) if ((await reader.identify?.(path)) === 2) return reader
  const chosen = plausible.find((reader) => reader.extensions.includes(extension)) ?? plausible[0]
  // A format that was named opens whatever looks like nothing else; its reader says what does not fit.
  const named = chosen ?? wanted.find((reader) => reader.id === as)
  if (named) return named
  throw new StratumError('FORMAT_UNKNOWN', 'The format of this file is not known.', `Readable are ${readableFormats()}.`, { path })
}

async function folderReader(path: string, wanted: readonly Reader[]): Promise<Reader> {
  const names = (await readdir(path)).sort()
  const chance = (reader: Reader): number => reader.probeFolder?.(names, path) ?? 0
  const chosen = wanted.find((reader) => chance(reader) === 2) ?? wanted.find((reader) => chance(reader) === 1)
  if (chosen) return chosen
  throw new StratumError(
    'FORMAT_UNKNOWN',
    'There is nothing in this folder that is read as one dataset.',
    'Choose a file inside the folder.',
    { path },
  )
}
