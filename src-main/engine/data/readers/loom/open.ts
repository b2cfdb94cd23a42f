/**
 * Opens a Loom file. Its matrix has genes as rows, so that cells are read as stretches of columns, whole stored pieces at a time.
 * Memory of a read: its cells by all genes in the stored type.
 */
import type { Finding } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { denseMatrix } from '../../cells/dense.ts'
import { cellsSource, type Label } from '../../cells/source.ts'
import type { FieldType, OpenSource } from '../../dataset.ts'
import { type H5File, isNumeric, withOpenH5, toNumbers } from '../../hdf5/file.ts'

export interface LoomOptions {
  readonly layer?: string | undefined
  readonly geneNames?: string | undefined
}

const usualGeneNames = ['Gene', 'gene', 'var_names', 'gene_names', 'Accession']

export const openLoom = (path: string, options: LoomOptions): Promise<OpenSource> => withOpenH5(path, (file) => openMatrix(file, options))

function openMatrix(file: H5File, { layer, geneNames }: LoomOptions): OpenSource {
  const { path } = file
  const layers = file.kind('layers') === 'group' ? file.keys('layers').filter((key) => key !== '') : []
  const place = layer === undefined || layer === 'matrix' ? 'matrix' : `layers/${layer.replace(/^layers\//, '')}`
  if (file.kind(place) !== 'dataset')
    throw new StratumError(
      place === 'matrix' ? 'FORMAT_UNSUPPORTED' : 'PARAMETER_INVALID',
      place === 'matrix' ? 'This is not a Loom file: it has no array called matrix.' : `The file has no layer "${layer}".`,
      place === 'matrix' ? 'Write it again with loompy.' : `Layers are ${['matrix', ...layers].join(', ')}.`,
      { path },
    )
  const matrix = denseMatrix(file, place, true)
  const genes = attributesOf(file, 'row_attrs', matrix.columns)
  const cells = attributesOf(file, 'col_attrs', matrix.rows)
  const named = nameAttribute(file, genes.fields, geneNames)
  return cellsSource({
    path,
    sizeBytes: file.sizeBytes,
    format: 'loom',
    formatTitle: 'Loom',
    matrix,
    genes: named === null ? null : valuesOf(file, `row_attrs/${named}`, 0, matrix.columns).map((name) => String(name ?? '')),
    labels: {
      fields: cells.fields,
      values: (field, from, to) => valuesOf(file, `col_attrs/${field}`, from, to),
      typeOf: (field) => typeOf(file, `col_attrs/${field}`),
    },
    geneFields: () =>
      genes.fields
        .filter((name) => name !== named)
        .map((name) => {
          const place = `row_attrs/${name}`
          return { name, type: typeOf(file, place), values: valuesOf(file, place, 0, matrix.columns) }
        }),
    findings: [...genes.findings, ...cells.findings],
    details: { layer: place, layers: ['matrix', ...layers].join(', '), ...(named === null ? {} : { geneNames: named }) },
    close: () => file.close(),
  })
}

/** Lists with one value each; tables beside them (an embedding, say) are left out and said. */
function attributesOf(file: H5File, group: string, n: number): { fields: string[]; findings: Finding[] } {
  if (file.kind(group) !== 'group') return { fields: [], findings: [] }
  const fields: string[] = []
  const left: string[] = []
  for (const key of file.keys(group)) {
    const place = `${group}/${key}`
    if (file.kind(place) !== 'dataset') continue
    const { shape, dtype } = file.dataset(place)
    if (shape[0] !== n)
      throw new StratumError(
        'FILE_CORRUPT',
        `The matrix has ${n} ${group === 'row_attrs' ? 'genes' : 'cells'}, but "${place}" has ${shape[0] ?? 0} values.`,
        'Write the file again with loompy.',
        { path: file.path, place },
      )
    if (shape.length === 1 && (dtype === 'text' || isNumeric(dtype))) fields.push(key)
    else left.push(key)
  }
  if (left.length === 0) return { fields, findings: [] }
  return {
    fields,
    findings: [
      {
        severity: 'info',
        code: 'FIELDS_LEFT_OUT',
        message: `Left out of ${group}, because they are tables: ${left.join(', ')}.`,
        hint: 'Nothing is lost in the file.',
      },
    ],
  }
}

function nameAttribute(file: H5File, fields: readonly string[], wanted: string | undefined): string | null {
  if (wanted !== undefined) {
    if (fields.includes(wanted)) return wanted
    throw new StratumError(
      'PARAMETER_INVALID',
      `The genes have no attribute "${wanted}".`,
      `Attributes are ${fields.join(', ') || 'none'}.`,
      { path: file.path },
    )
  }
  return (
    usualGeneNames.find((name) => fields.includes(name)) ??
    fields.find((name) => file.dataset(`row_attrs/${name}`).dtype === 'text') ??
    null
  )
}

/** Loom has no categories: texts may well be some, which it does not say. */
function typeOf(file: H5File, place: string): FieldType | null {
  const { dtype } = file.dataset(place)
  if (dtype === 'text') return null
  return { kind: dtype === 'boolean' ? 'boolean' : dtype.includes('int') ? 'integer' : 'number' }
}

function valuesOf(file: H5File, place: string, from: number, to: number): Label[] {
  const dataset = file.dataset(place)
  const values = dataset.read(from, to)
  if (dataset.dtype === 'text') return values as string[]
  if (dataset.dtype === 'boolean') return Array.from(toNumbers(values), (value) => (value ? 'true' : 'false'))
  return Array.from(toNumbers(values), (value) => (Number.isFinite(value) ? value : null))
}
