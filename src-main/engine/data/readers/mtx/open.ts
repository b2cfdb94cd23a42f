/**
 * Opens a Matrix Market file with its tables of barcodes and features. The text is read once, on the first read of rows, into an
 * EntryStore (whose memory and disk bound it); rows come from there.
 */
import { stat } from 'node:fs/promises'
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { checkRoom, type Entries, lazyEntries } from '../../cells/entryStore.ts'
import { chooseFeatures, type Features } from '../../cells/features.ts'
import { type RowMatrix, selectColumns } from '../../cells/rowMatrix.ts'
import { cellsSource } from '../../cells/source.ts'
import { allLines } from '../../cells/textStream.ts'
import type { OpenSource } from '../../dataset.ts'
import { openRandomAccess } from '../randomAccess.ts'
import { type MtxHeader, readEntries, readHeader } from './entries.ts'
import { findFiles, type MtxFiles } from './folder.ts'

export interface MtxOptions {
  readonly orientation: 'auto' | 'genes by cells' | 'cells by genes'
  readonly featureTypes?: string | undefined
  readonly geneNames: 'name' | 'id'
}

/** Names are held in memory. */
const mostNames = 20_000_000
const sampleEntries = 50_000
/** An axis that no table names is believed up to this, or ten times the entries. */
const believedAxis = 1_000_000

export async function openMtx(path: string, options: MtxOptions, signal?: AbortSignal): Promise<OpenSource> {
  const files = await findFiles(path)
  // Says what is wrong with the file itself: missing, empty, a folder.
  await (await openRandomAccess(files.matrix)).close()
  const header = await readHeader(files.matrix)
  const barcodes = files.barcodes ? await namesOf(files.barcodes) : null
  const table = files.features ? await namesOf(files.features) : null
  const genesFirst = orientationOf(header, barcodes, table, options.orientation, files)
  const [genes, cells] = genesFirst ? [header.rows, header.columns] : [header.columns, header.rows]
  const cellNames = matched(barcodes, cells, 'cells', files.barcodes)?.map((line) => line[0] ?? '') ?? null
  const features = featuresOf(matched(table, genes, 'genes', files.features))
  if (Math.max(cellNames ? 0 : cells, features.names ? 0 : genes) > Math.max(believedAxis, 10 * header.entries))
    throw new StratumError(
      'FILE_CORRUPT',
      `The matrix claims ${cells} cells by ${genes} genes with ${header.entries} entries.`,
      'Fetch the file again.',
      {
        path: files.matrix,
      },
    )
  const chosen = chooseFeatures(features, options, files.matrix)
  const all = entryMatrix(files.matrix, header, genesFirst, await firstValues(files.matrix, header, signal))
  const used = [files.matrix, ...[files.barcodes, files.features].filter((file) => file !== null)]
  const sizes = await Promise.all(used.map(async (file) => (await stat(file)).size))
  return cellsSource({
    path,
    files: used,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    format: 'mtx',
    formatTitle: 'Matrix Market counts',
    matrix: chosen.kept ? selectColumns(all, chosen.kept) : all,
    genes: chosen.names,
    geneFields: () => chosen.fields,
    labels: { fields: cellNames ? ['barcode'] : [], values: (_, from, to) => cellNames?.slice(from, to) ?? [] },
    findings: [...chosen.findings, ...missing(files, genesFirst)],
    details: { orientation: genesFirst ? 'genes by cells' : 'cells by genes', field: header.field, ...chosen.details },
    close: () => {},
  })
}

/** The lines of a table, each as its columns. */
async function namesOf(path: string): Promise<string[][]> {
  const lines = await allLines(path, mostNames)
  const separator = /\.csv(?:\.gz)?$/i.test(path) ? ',' : '\t'
  return lines.map((line) => line.split(separator).map((cell) => cell.replace(/^"(.*)"$/, '$1')))
}

function orientationOf(
  { rows, columns }: MtxHeader,
  barcodes: readonly string[][] | null,
  features: readonly string[][] | null,
  wanted: MtxOptions['orientation'],
  files: MtxFiles,
): boolean {
  if (wanted !== 'auto') return wanted === 'genes by cells'
  const fits = (table: readonly string[][] | null, n: number): boolean => !table || table.length === n || table.length === n + 1
  if (fits(features, rows) && fits(barcodes, columns)) return true
  if (fits(features, columns) && fits(barcodes, rows)) return false
  throw new StratumError(
    'FILE_CORRUPT',
    `The matrix is ${rows} × ${columns}, but beside it are ${features?.length ?? 'no'} features and ${barcodes?.length ?? 'no'} barcodes.`,
    'The files do not belong together: fetch them again into one folder.',
    { path: files.matrix },
  )
}

/** A line too many at the top is a heading. */
function matched(table: string[][] | null, n: number, what: string, path: string | null): string[][] | null {
  if (!table || table.length === n) return table
  if (table.length === n + 1) return table.slice(1)
  throw new StratumError(
    'FILE_CORRUPT',
    `The matrix has ${n} ${what}, and their table has ${table.length} lines.`,
    'Fetch the files again into one folder.',
    {
      path: path ?? '',
    },
  )
}

function featuresOf(table: string[][] | null): Features {
  if (!table) return { names: null, ids: null, types: null, genomes: null }
  const column = (at: number): string[] | null => (table.every((line) => line.length > at) ? table.map((line) => line[at] as string) : null)
  const ids = column(0)
  return { names: column(1) ?? ids, ids, types: column(2), genomes: null }
}

async function firstValues(path: string, header: MtxHeader, signal?: AbortSignal): Promise<Float64Array> {
  const entries = readEntries(path, header, signal)
  try {
    const { value, done } = await entries.next()
    return done ? new Float64Array() : Float64Array.from(value.values.subarray(0, sampleEntries))
  } finally {
    await entries.return(undefined)
  }
}

function entryMatrix(path: string, header: MtxHeader, genesFirst: boolean, sample: Float64Array): RowMatrix {
  const [columns, rows] = genesFirst ? [header.rows, header.columns] : [header.columns, header.rows]
  const entries = lazyEntries(rows, async (store, signal) => {
    await checkRoom(header.entries * (header.symmetric ? 2 : 1))
    for await (const block of readEntries(path, header, signal)) await store.add(genesFirst ? turned(block) : block)
  })
  return {
    rows,
    columns,
    dtype: header.field === 'real' ? 'float64' : 'int32',
    storage: 'coordinates',
    stored: header.entries,
    compression: /\.gz$/i.test(path) ? 'gzip' : 'none',
    rowBytes: 0,
    rowStep: 1,
    read: entries.read,
    peek: entries.read,
    sample: () => sample,
    close: entries.close,
  }
}

const turned = ({ rows, columns, values, n }: Entries): Entries => ({ rows: columns, columns: rows, values, n })

function missing({ barcodes, features }: MtxFiles, genesFirst: boolean): Finding[] {
  const findings: Finding[] = []
  if (!barcodes)
    findings.push({
      severity: 'info',
      code: 'NO_BARCODES',
      message: 'There is no table of barcodes beside the matrix.',
      hint: 'Cells are numbered.',
    })
  if (!features)
    findings.push({
      severity: 'info',
      code: 'NO_FEATURES',
      message: 'There is no table of features beside the matrix.',
      hint: 'Genes are numbered.',
    })
  if (!barcodes && !features)
    findings.push({
      severity: 'warning',
      code: 'ORIENTATION_ASSUMED',
      message: `Nothing says what the rows of the matrix are; they are taken for ${genesFirst ? 'genes' : 'cells'}.`,
      hint: 'Choose the other orientation if cells and genes are exchanged.',
    })
  return findings
}
