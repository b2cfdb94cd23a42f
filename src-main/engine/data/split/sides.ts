/** Which rows are learned from and which are held out. A split is a function of the row number, so it never depends on how a file is read. */

export const neither = 0
export const learned = 1
export const heldOut = 2
export type RowSide = typeof neither | typeof learned | typeof heldOut

export type RowSides = (row: number) => RowSide

/** Sides kept as one byte per row. */
export const sidesOf =
  (side: Uint8Array): RowSides =>
  (row) =>
    side[row] as RowSide

/** A number of 32 bits for a name, for draws that depend on names and not on their order (FNV-1a). */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
