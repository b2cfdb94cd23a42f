/** Opens a 10x .h5 file: compressed columns of features by barcodes, which are compressed rows of cells by features. */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { selectColumns } from '../../cells/rowMatrix.ts'
import { cellsSource } from '../../cells/source.ts'
import { compressedRows, openCompressed } from '../../cells/sparse.ts'
import type { OpenSource } from '../../dataset.ts'
import { type H5File, openH5, withOpenH5, rootKeys, toNumbers } from '../../hdf5/file.ts'
import { chooseFeatures, type FeatureChoice, type Features } from '../../cells/features.ts'

/** Features and cells a file may have; their names are held in memory. */
const mostFeatures = 1_000_000
const mostCells = 100_000_000

const isTenxGroup = (file: H5File, group: string): boolean =>
  ['data', 'indices', 'indptr', 'shape'].every((part) => file.kind(`${group}/${part}`) === 'dataset')

export async function looksLikeTenx(path: string): Promise<boolean> {
  const keys = await rootKeys(path)
  if (keys.length === 0 || keys.includes('obs') || keys.includes('X')) return false
  const file = await openH5(path)
  try {
    return keys.slice(0, 100).some((key) => file.kind(key) === 'group' && isTenxGroup(file, key))
  } catch (thrown) {
    // A link or a header that is refused here is refused with its reason when the file is opened.
    if (thrown instanceof StratumError) return false
    throw thrown
  } finally {
    file.close()
  }
}

export const openTenx = (path: string, options: FeatureChoice): Promise<OpenSource> => withOpenH5(path, (file) => openMatrix(file, options))

function openMatrix(file: H5File, options: FeatureChoice): OpenSource {
  const { path } = file
  const groups = file
    .keys('/')
    .slice(0, 1000)
    .filter((key) => file.kind(key) === 'group' && isTenxGroup(file, key))
  const modern = groups.includes('matrix') && file.kind('matrix/features') === 'group'
  const group = modern ? 'matrix' : (options.genome ?? groups[0])
  if (group === undefined || !groups.includes(group))
    throw new StratumError(
      options.genome === undefined || groups.length === 0 ? 'FORMAT_UNSUPPORTED' : 'PARAMETER_INVALID',
      groups.length === 0 ? 'The file has no matrix of 10x Genomics.' : `The file has no genome "${group}".`,
      groups.length === 0 ? `It has ${file.keys('/').slice(0, 10).join(', ') || 'nothing'}.` : `Genomes are ${groups.join(', ')}.`,
      { path },
    )
  const [nFeatures, nCells] = shapeOf(file, group)
  const features = featuresOf(file, group, modern, nFeatures)
  const barcodes = file.kind(`${group}/barcodes`) === 'dataset' ? file.dataset(`${group}/barcodes`) : null
  if (barcodes && barcodes.shape[0] !== nCells) throw mismatch(path, group, 'cells', nCells, barcodes.shape[0] ?? 0)
  const chosen = chooseFeatures(features, { ...options, genome: modern ? options.genome : undefined }, path)
  const all = compressedRows(
    openCompressed(file, group, nCells, nFeatures, { data: `${group}/data`, indices: `${group}/indices`, indptr: `${group}/indptr` }),
  )
  return cellsSource({
    path,
    sizeBytes: file.sizeBytes,
    format: 'tenx',
    formatTitle: '10x Genomics HDF5',
    matrix: chosen.kept ? selectColumns(all, chosen.kept) : all,
    genes: chosen.names,
    geneFields: () => chosen.fields,
    labels: {
      fields: barcodes ? ['barcode'] : [],
      values: (_, from, to) => (barcodes ? Array.from(barcodes.read(from, to) as ArrayLike<unknown>, String) : []),
    },
    findings: [...chosen.findings, ...otherGenomes(modern ? [] : groups, group)],
    details: { layer: group, version: modern ? 3 : 2, ...chosen.details, ...(modern ? {} : { genomes: groups.join(', ') }) },
    close: () => file.close(),
  })
}

function shapeOf(file: H5File, group: string): [features: number, cells: number] {
  const shape = toNumbers(file.dataset(`${group}/shape`).read(0, 2))
  const [features, cells] = [Number(shape[0]), Number(shape[1])]
  if (
    !(
      Number.isSafeInteger(features) &&
      features >= 0 &&
      features <= mostFeatures &&
      Number.isSafeInteger(cells) &&
      cells >= 0 &&
      cells <= mostCells
    )
  )
    throw new StratumError('FILE_CORRUPT', `"${group}" claims ${features} features and ${cells} cells.`, 'Fetch the file again.', {
      path: file.path,
    })
  return [features, cells]
}

function featuresOf(file: H5File, group: string, modern: boolean, n: number): Features {
  const texts = (name: string): string[] | null => {
    const place = `${group}/${name}`
    if (file.kind(place) !== 'dataset') return null
    const dataset = file.dataset(place)
    if (dataset.shape[0] !== n) throw mismatch(file.path, place, 'features', n, dataset.shape[0] ?? 0)
    return Array.from(dataset.read(0, n) as ArrayLike<unknown>, String)
  }
  return modern
    ? { names: texts('features/name'), ids: texts('features/id'), types: texts('features/feature_type'), genomes: texts('features/genome') }
    : { names: texts('gene_names'), ids: texts('genes'), types: null, genomes: null }
}

const mismatch = (path: string, place: string, what: string, wanted: number, found: number): StratumError =>
  new StratumError('FILE_CORRUPT', `The matrix has ${wanted} ${what}, but "${place}" has ${found}.`, 'Fetch the file again.', {
    path,
    place,
  })

const otherGenomes = (groups: readonly string[], chosen: string): Finding[] =>
  groups.length < 2
    ? []
    : [
        {
          severity: 'info',
          code: 'GENOMES',
          message: `The file has ${groups.length} genomes; "${chosen}" is read, left out: ${groups.filter((group) => group !== chosen).join(', ')}.`,
          hint: 'Choose another genome to read it.',
        },
      ]
