/** The tree of a clustering as it is stored, and where in it every row lies. */
import type { Clustering, Placing } from '../../analysis/clustering/define.ts'
import type { Context } from './params.ts'

/** @param newId [k] of the classes of the clustering, as they are numbered over all rows */
export function writeTree(ctx: Context, tree: NonNullable<Clustering['tree']>, newId: Int32Array): void {
  const merges = tree.height.length
  const write = (name: string, dtype: 'int32' | 'float64', shape: number[], values: Int32Array | Float64Array): void => {
    const writer = ctx.draft.writeArray(`tree/${name}`, { dtype, shape })
    writer.append(values)
    writer.finish()
  }
  write('children', 'int32', [merges, 2], tree.children)
  write('height', 'float64', [merges], tree.height)
  write('size', 'float64', [tree.leaves + merges], tree.size)
  write(
    'class',
    'int32',
    [tree.leaves],
    tree.leafClass.map((id) => (id < 0 ? 0 : newId[id] + 1)),
  )
  if (!tree.lambda) return
  const { row, birth } = tree.lambda
  write('birth', 'float64', [birth.length], birth)
  write('learned/node', 'int32', [row.length], tree.rowNode)
  write('learned/lambda', 'float64', [row.length], row)
}

/** Where in its tree every row lies, so that it can be cut elsewhere and its branches can be looked at. */
export function placesWriter({ draft }: Context, rows: number, hasLambda: boolean) {
  const node = draft.writeArray('tree/node', { dtype: 'int32', shape: [rows] })
  const lambda = hasLambda ? draft.writeArray('tree/lambda', { dtype: 'float64', shape: [rows] }) : null
  return {
    append(place: Placing): void {
      node.append(place.node)
      if (place.lambda) lambda?.append(place.lambda)
    },
    finish(): void {
      node.finish()
      lambda?.finish()
    },
  }
}
