/** Whole groups are held out, such as units, patients or sites, so that a model is judged on ones it never met. */
import { StratumError } from '#common/errors.ts'
import { asText, type FieldValue } from '../fields.ts'
import { rowHash } from '../rowHash.ts'
import { splitStream } from './hashed.ts'
import { heldOut, learned, nameHash, neither, type RowSides } from './sides.ts'

export interface GroupSplit {
  readonly sides: RowSides
  readonly groups: number
  readonly heldOutGroups: readonly string[]
}

/**
 * Groups are taken in the order of their hashes until the share of rows is met as nearly as they allow; one is on each side at least.
 * Rows of no group belong to neither side.
 * @throws DATA_UNSUITABLE when there are fewer than two groups
 */
export function groupSides(values: readonly FieldValue[], passes: Uint8Array, share: number, seed: number, field: string): GroupSplit {
  const rowsOf = new Map<string, number>()
  let total = 0
  for (const [row, value] of values.entries()) {
    const name = asText(value)
    if (name === null || passes[row] === 0) continue
    rowsOf.set(name, (rowsOf.get(name) ?? 0) + 1)
    total++
  }
  if (rowsOf.size < 2)
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${field}” has ${rowsOf.size === 0 ? 'no value' : 'one value only'}, and whole groups can be held out where there are two at least.`,
      'Choose another field, or another way to hold out.',
      { parameter: 'splitField', field },
    )
  const ranked = [...rowsOf.keys()].sort((a, b) => hashOf(a, seed) - hashOf(b, seed) || (a < b ? -1 : 1))
  const chosen = new Set<string>()
  let rows = 0
  for (const name of share === 0 ? [] : ranked.slice(0, -1)) {
    const next = rows + (rowsOf.get(name) as number)
    if (chosen.size > 0 && Math.abs(next - share * total) > Math.abs(rows - share * total)) break
    chosen.add(name)
    rows = next
  }
  return {
    sides: (row) => {
      const name = asText(values[row])
      return name === null ? neither : chosen.has(name) ? heldOut : learned
    },
    groups: rowsOf.size,
    heldOutGroups: [...chosen],
  }
}

const hashOf = (name: string, seed: number): number => rowHash(seed ^ splitStream, nameHash(name))
