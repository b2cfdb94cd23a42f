/**
 * The elements of an AnnData file as its on-disk format says them (anndata 0.8 on, with one exception, see `nullable`; “On-disk format”
 * in its documentation): every group and every array says what it is and in which version of that.
 */
import type { H5Output } from '../hdf5/file.ts'
import type { ArrayNode, Attribute, GroupNode, H5Node, ScalarNode } from '../hdf5/objects.ts'
import type { Numbers } from '../hdf5/types.ts'

const encoded = (type: string, version: string, others: Readonly<Record<string, Attribute>> = {}): Readonly<Record<string, Attribute>> => ({
  'encoding-type': type,
  'encoding-version': version,
  ...others,
})

type Children = Readonly<Record<string, H5Node>>
const group = (attributes: Readonly<Record<string, Attribute>>, children: Children): GroupNode => ({ kind: 'group', attributes, children })

export const array = (node: ArrayNode): ArrayNode => ({
  ...node,
  attributes: node.type === 'text' ? encoded('string-array', '0.2.0') : encoded('array', '0.2.0'),
})

export const scalar = (value: boolean | number | string): ScalarNode => ({
  kind: 'scalar',
  value,
  attributes: encoded(typeof value === 'string' ? 'string' : 'numeric-scalar', '0.2.0'),
})

export const dict = (children: Children): GroupNode => group(encoded('dict', '0.1.0'), children)

/** @param codes  of int8, int16 or int32, −1 where missing */
export const categorical = (codes: ArrayNode, categories: ArrayNode, ordered: boolean): GroupNode =>
  group(encoded('categorical', '0.2.0', { ordered }), { codes: array(codes), categories: array(categories) })

/** What may be missing, and where it is. Of texts anndata reads this from 0.11 on, of numbers and truth values from 0.8 on. */
export function nullable(values: ArrayNode, mask: ArrayNode): GroupNode {
  const type = { text: 'nullable-string-array', boolean: 'nullable-boolean' }[values.type as string] ?? 'nullable-integer'
  return group(encoded(type, '0.1.0'), { values: array(values), mask: array(mask) })
}

export const csrMatrix = (
  data: ArrayNode,
  indices: ArrayNode,
  indptr: ArrayNode,
  shape: readonly [rows: number, columns: number],
): GroupNode => group(encoded('csr_matrix', '0.1.0', { shape }), { data, indices, indptr })

/** @param columns  in their order, none named '_index' */
export const dataframe = (index: ArrayNode, columns: readonly (readonly [key: string, node: H5Node])[]): GroupNode =>
  group(encoded('dataframe', '0.2.0', { _index: '_index', 'column-order': columns.map(([key]) => key) }), {
    _index: array(index),
    ...Object.fromEntries(columns),
  })

export interface AnnData {
  /** null: without a matrix, which the format allows. */
  readonly X: H5Node | null
  readonly obs: GroupNode
  readonly var: GroupNode
  readonly obsm: Children
  readonly uns: Children
}

export const annData = ({ X, obs, var: variables, obsm, uns }: AnnData): GroupNode =>
  group(encoded('anndata', '0.1.0'), {
    ...(X && { X }),
    obs,
    var: variables,
    obsm: dict(obsm),
    uns: dict(uns),
    ...Object.fromEntries(['layers', 'varm', 'obsp', 'varp'].map((key) => [key, dict({})])),
  })

/** Texts that are at hand. */
export async function textArray(out: H5Output, texts: readonly string[]): Promise<ArrayNode> {
  const stream = out.array('text')
  await stream.append(texts)
  return array(await stream.finish())
}

/** Numbers that are at hand, as float64 or, where all are whole, as int64. */
export async function numberArray(out: H5Output, values: Numbers): Promise<ArrayNode> {
  const stream = out.array(Array.prototype.every.call(values, Number.isSafeInteger) ? 'int64' : 'float64')
  await stream.append(values)
  return array(await stream.finish())
}
