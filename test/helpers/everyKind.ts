/** A tiny file of every kind of data, and settings under which any model of the registry trains in a moment. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatasetKind } from '../../src-main/common/domain/dataset.ts'
import type { ModelDefinition } from '../../src-main/engine/models/define.ts'
import { models } from '../../src-main/engine/models/registry.ts'
import { writeTable } from './tableFile.ts'
import { tinyTiff } from './tinyTiff.ts'

export interface TinyData {
  readonly path: string
  /** Of the reader, for --set and `options`. */
  readonly options: Readonly<Record<string, string | number>>
}

const wave = (row: number, column: number): number => 3 + Math.sin(0.37 * row + column) + 0.5 * Math.cos(0.11 * row * (1 + column))

/** What models learn from that need counts, where the usual file of the kind holds none. */
export const countsTable = 'counts'

const makers: Readonly<Record<DatasetKind | typeof countsTable, (folder: string) => TinyData>> = {
  table: (folder) => ({ path: writeTable(join(folder, 'table.csv'), 160), options: {} }),
  counts: (folder) => {
    const path = join(folder, 'counts.csv')
    const line = (row: number): string => Array.from({ length: 5 }, (_, j) => Math.max(0, Math.round(3 * wave(row, j) - 6))).join(',')
    writeFileSync(path, `ant,bee,fly,moth,wasp\n${Array.from({ length: 140 }, (_, row) => line(row)).join('\n')}\n`)
    return { path, options: {} }
  },
  raster: (folder) => {
    const path = join(folder, 'raster.tif')
    writeFileSync(path, scene(16, 12, 4))
    return { path, options: {} }
  },
  cells: (folder) => ({ path: cells(join(folder, 'cells'), 120, 7), options: {} }),
  embedding: (folder) => {
    const path = join(folder, 'vectors.npy')
    writeFileSync(path, vectors(150, 6))
    return { path, options: {} }
  },
  series: (folder) => {
    const path = join(folder, 'series.csv')
    const line = (hour: number): string =>
      `${new Date(Date.UTC(2024, 0, 1, hour)).toISOString()},${wave(hour, 0).toFixed(4)},${wave(hour, 1).toFixed(4)}`
    writeFileSync(path, `time,load,heat\n${Array.from({ length: 300 }, (_, hour) => line(hour)).join('\n')}\n`)
    return { path, options: { 'series.length': 4, 'series.stride': 2 } }
  },
}

export type TinyKind = keyof typeof makers
export const tinyKinds = Object.keys(makers) as TinyKind[]
export const tinyData = (kind: TinyKind, folder: string): TinyData => makers[kind](folder)

/** Bands of float32 in one strip each. */
function scene(width: number, height: number, bands: number): Uint8Array {
  const blocks = Array.from({ length: bands }, (_, band) => {
    const values = Float32Array.from({ length: width * height }, (_, i) => wave(i, band))
    return new Uint8Array(values.buffer)
  })
  const tag = (id: number, type: 1 | 2 | 3 | 4 | 12, ...values: number[]) => ({ id, type, values })
  const many = (value: number): number[] => Array.from({ length: bands }, () => value)
  return tinyTiff([
    {
      tags: [
        tag(256, 3, width),
        tag(257, 3, height),
        tag(258, 3, ...many(32)),
        tag(259, 3, 1),
        tag(262, 3, 1),
        tag(277, 3, bands),
        tag(278, 3, height),
        tag(284, 3, 2),
        tag(339, 3, ...many(3)),
      ],
      blocks,
    },
  ])
}

/** Raw counts in a folder as Cell Ranger writes it. */
function cells(path: string, n: number, genes: number): string {
  mkdirSync(path)
  const entries = Array.from({ length: n * genes }, (_, i) => [Math.floor(i / genes), i % genes] as const)
    .map(([cell, gene]) => [gene + 1, cell + 1, Math.max(0, Math.round(4 * wave(cell, gene) - 9))] as const)
    .filter(([, , count]) => count > 0)
  const matrix = ['%%MatrixMarket matrix coordinate integer general', `${genes} ${n} ${entries.length}`, ...entries.map((e) => e.join(' '))]
  writeFileSync(join(path, 'matrix.mtx'), `${matrix.join('\n')}\n`)
  writeFileSync(join(path, 'barcodes.tsv'), Array.from({ length: n }, (_, i) => `cell-${i}\n`).join(''))
  writeFileSync(join(path, 'genes.tsv'), Array.from({ length: genes }, (_, i) => `G${i}\tGENE${i}\n`).join(''))
  return path
}

function vectors(rows: number, columns: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`
  const header = Buffer.alloc(128, 0x20)
  header.set([0x93, ...Buffer.from('NUMPY'), 1, 0, 118, 0])
  header.set(Buffer.from(text), 10)
  header[127] = 0x0a
  const values = Float32Array.from({ length: rows * columns }, (_, i) => wave(Math.floor(i / columns), i % columns))
  return Buffer.concat([header, new Uint8Array(values.buffer)])
}

/** By the names that settings have: what a model has of them makes it small. Others keep their defaults. */
const small: Readonly<Record<string, unknown>> = {
  epochs: 2,
  layerEpochs: 1,
  fineTuneEpochs: 1,
  layers: [4, 2],
  encoder: [4],
  components: 2,
  batchSize: 32,
  auxiliaryK: 2,
  deadAfter: 40,
  draws: 2,
  secondSize: 1,
}
/** Dictionaries are wider than the rows; `k` and `targetCodes` are what a row uses of them. */
const smallDictionary = { codeSize: 12, k: 2, targetCodes: 2 }

export function smallSettings({ params }: ModelDefinition): Record<string, unknown> {
  const isDictionary = 'k' in params.shape || 'targetCodes' in params.shape
  const wanted = { ...small, codeSize: 2, ...(isDictionary && smallDictionary) }
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => name in params.shape))
}

/** Every model with every kind of data that it claims. */
export const pairs: readonly (readonly [id: string, kind: DatasetKind, model: ModelDefinition, data: TinyKind])[] = models.flatMap(
  (model) =>
    model.fits.map((kind) => [model.id, kind, model, kind === 'table' && model.learnsFrom === 'counts' ? countsTable : kind] as const),
)
