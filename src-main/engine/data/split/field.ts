/** The file itself says which rows are for training and which for testing. */
import { StratumError } from '#common/errors.ts'
import { asText, type FieldValue } from '../fields.ts'
import { heldOut, learned, neither, type RowSide, type RowSides } from './sides.ts'

const heldOutWords = new Set(['test', 'testing', 'holdout', 'held-out', 'held out', 'valid', 'validation', 'val', 'dev', 'eval'])
const learnedWords = new Set(['train', 'training', 'learn', 'fit'])

const told = (sides: ReadonlyMap<string, RowSide>): string => [...sides.keys()].slice(0, 8).join(', ') || 'all missing'

/**
 * @param heldOutValues  which values are held out, all others being learned from; null or none to go by words such as 'train' and
 *                       'test', rows with any other value then belonging to neither
 * @throws DATA_UNSUITABLE when nothing would be learned from, PARAMETER_INVALID when no row has any of the values
 */
export function fieldSides(values: readonly FieldValue[], heldOutValues: readonly string[] | null, field: string): RowSides {
  const chosen = heldOutValues && heldOutValues.length > 0 ? new Set(heldOutValues) : null
  const sides = new Map<string, RowSide>()
  for (const value of values) {
    const text = asText(value)
    if (text === null || sides.has(text)) continue
    const word = text.trim().toLowerCase()
    sides.set(
      text,
      chosen ? (chosen.has(text) ? heldOut : learned) : learnedWords.has(word) ? learned : heldOutWords.has(word) ? heldOut : neither,
    )
  }
  if (![...sides.values()].includes(learned))
    throw new StratumError(
      'DATA_UNSUITABLE',
      `“${field}” names no row to learn from: its values are ${told(sides)}.`,
      'Say which values are held out; all others are learned from.',
      { parameter: 'heldOutValues', field },
    )
  if (chosen && ![...sides.values()].includes(heldOut))
    throw new StratumError(
      'PARAMETER_INVALID',
      `No row has ${[...chosen].map((value) => `“${value}”`).join(' or ')} in “${field}”, so nothing would be held out: its values are ${told(sides)}.`,
      'Name values as they are written there.',
      { parameter: 'heldOutValues', field },
    )
  return (row) => sides.get(asText(values[row]) ?? '') ?? neither
}
