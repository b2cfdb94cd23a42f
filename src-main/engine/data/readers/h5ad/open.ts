/** Opens an AnnData file: a row is a cell, a column a gene (or a component, for a matrix of obsm). */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { type RowMatrix, valueKind } from '../../cells/rowMatrix.ts'
import { type CellLabels, cellsSource } from '../../cells/source.ts'
import type { ColumnField, OpenSource } from '../../dataset.ts'
import { type H5File, withOpenH5, toNumbers } from '../../hdf5/file.ts'
import { type Frame, openFrame } from './frame.ts'
import { isList, layersOf, openMatrix, placeOf } from './matrix.ts'

/** What cells are known to be, as opposed to clusters that a program found. */
const labelName = /^(?:y|(?:bulk_)?labels?|class(?:es)?|cell_?types?|cell_?type_?\w*|targets?|ground_?truth|annotation)$/i

export interface H5adOptions {
  readonly layer?: string | undefined
  readonly geneNames?: string | undefined
}

export const openH5ad = (path: string, options: H5adOptions): Promise<OpenSource> => withOpenH5(path, (file) => openAnnData(file, options))

function openAnnData(file: H5File, { layer, geneNames }: H5adOptions): OpenSource {
  const place = placeOf(file, layer)
  const matrix = openMatrix(file, place)
  const obs = openFrame(file, 'obs')
  const mismatch = (what: string, found: number, wanted: number): StratumError =>
    new StratumError(
      'FILE_CORRUPT',
      `"${place}" has ${wanted} ${what}, but their table has ${found}.`,
      'Write the file again in the program that made it.',
      { path: file.path, place },
    )
  if (obs && obs.rows !== matrix.rows) throw mismatch('rows', obs.rows, matrix.rows)
  const loose = obs ? [] : looseLabels(file, matrix.rows, place)
  const layers = layersOf(file)
  return cellsSource({
    path: file.path,
    sizeBytes: file.sizeBytes,
    format: 'h5ad',
    formatTitle: 'AnnData',
    matrix,
    genes: geneNamesOf(file, place, matrix, geneNames, mismatch),
    geneFields: () => geneFieldsOf(file, place, matrix, geneNames),
    labels: labelsOf(file, obs, loose),
    labelFields: (obs?.fields ?? loose).filter((name) => labelName.test(name)),
    findings: [...noTable(obs, loose), ...fieldsLeftOut(obs), ...countsElsewhere(file, place, matrix, layers)],
    details: { layer: place, layers: layers.join(', ') },
    close: () => file.close(),
  })
}

const variablesOf = (place: string): string => (place.startsWith('raw') ? place.replace(/X$/, 'var') : 'var')

function geneNamesOf(
  file: H5File,
  place: string,
  { columns }: RowMatrix,
  wanted: string | undefined,
  mismatch: (what: string, found: number, wanted: number) => StratumError,
): string[] | null {
  if (place.startsWith('obsm/')) {
    const name = place.slice(5).replace(/^X_/, '')
    return Array.from({ length: columns }, (_, i) => `${name} ${i + 1}`)
  }
  const variables = openFrame(file, variablesOf(place))
  if (!variables) return null
  if (variables.rows !== columns) throw mismatch('columns', variables.rows, columns)
  if (wanted === undefined || wanted === 'index') return variables.names(0, columns)
  if (!variables.fields.includes(wanted))
    throw new StratumError(
      'PARAMETER_INVALID',
      `The table of genes has no column "${wanted}".`,
      `Columns are ${['index', ...variables.fields].slice(0, 20).join(', ')}.`,
      { path: file.path },
    )
  return variables.values(wanted, 0, columns).map((name) => String(name ?? ''))
}

/** Names that are not used go along as a field: 'index' beside a chosen column. */
function geneFieldsOf(file: H5File, place: string, { columns }: RowMatrix, used: string | undefined): ColumnField[] {
  const variables = place.startsWith('obsm/') ? null : openFrame(file, variablesOf(place))
  if (!variables) return []
  const named = used !== undefined && used !== 'index'
  return [
    ...(named ? [{ name: 'index', type: { kind: 'text' }, values: variables.names(0, columns) } as const] : []),
    ...variables.fields
      .filter((name) => !named || name !== used)
      .map((name) => ({ name, type: variables.typeOf(name), values: variables.values(name, 0, columns) })),
  ]
}

/** A bare HDF5 file with X may keep its labels beside it, one per row. */
const looseLabels = (file: H5File, rows: number, place: string): string[] =>
  file.keys('/').filter((key) => key !== place && isList(file, key, rows))

function labelsOf(file: H5File, obs: Frame | null, loose: readonly string[]): CellLabels {
  if (obs) {
    return {
      fields: ['index', ...obs.fields],
      values: (field, from, to) => (field === 'index' ? obs.names(from, to) : obs.values(field, from, to)),
      typeOf: (field) => (field === 'index' ? { kind: 'text' } : obs.typeOf(field)),
    }
  }
  return {
    fields: loose,
    values(field, from, to) {
      const values = file.dataset(field).read(from, to)
      if (Array.isArray(values)) return values.map(String)
      return Array.from(toNumbers(values), (value) => (Number.isFinite(value) ? value : null))
    },
  }
}

const noTable = (obs: Frame | null, loose: readonly string[]): Finding[] =>
  obs
    ? []
    : [
        {
          severity: 'info',
          code: 'NO_OBS',
          message: `The file has a matrix but no table of cells${loose.length > 0 ? `; beside it lie ${loose.join(', ')}` : ''}.`,
          hint: 'Cells are numbered.',
        },
      ]

const fieldsLeftOut = (obs: Frame | null): Finding[] =>
  !obs || obs.leftOut.length === 0
    ? []
    : [
        {
          severity: 'warning',
          code: 'FIELDS_LEFT_OUT',
          message: `Fields of the cells that cannot be read: ${obs.leftOut.slice(0, 20).join(', ')}.`,
          hint: 'Write the file again with a current version of anndata to have them.',
        },
      ]

/** Says where raw counts are when the chosen matrix does not hold them. Reads a sample of each layer. */
function countsElsewhere(file: H5File, place: string, matrix: RowMatrix, layers: readonly string[]): Finding[] {
  if (place.startsWith('obsm/') || valueKind(matrix.sample()) === 'counts') return []
  const others = layers.filter((layer) => layer !== place && layer !== 'X' && !layer.startsWith('obsm/')).slice(0, 20)
  const withCounts = others.find((layer) => {
    const other = openMatrix(file, layer === 'raw/X' ? placeOf(file, 'raw') : layer)
    return other.rows === matrix.rows && valueKind(other.sample()) === 'counts'
  })
  if (withCounts === undefined) return []
  return [
    {
      severity: 'info',
      code: 'COUNTS_ELSEWHERE',
      message: `"${place}" does not hold raw counts; "${withCounts}" does (whole numbers from 0 on a sample).`,
      hint: `For methods that expect counts choose the layer ${withCounts}.`,
      where: { layer: withCounts },
    },
  ]
}
