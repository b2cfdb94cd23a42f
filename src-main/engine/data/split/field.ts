/** The file itself says which rows are for training and which for testing. */
import { StratumError } from '#common/errors.ts'
import { asText, type FieldValue } from '../fields.ts'
import { heldOut, learned, neither, type RowSide, type RowSides } from './sides.ts'

const heldOutWords = new Set(['test', 'testing', 'holdout', 'held-out', 'held out', 'valid', 'validation', 'val', 'dev', 'eval'])
const learnedWords = new Set(['train', 'training', 'learn', 'fit'])

/**
 * @param heldOutValues  which values are held out, all others being learned from; null to go by words such as 'train' and 'test', rows
 *                       with any other value then belonging to neither
 * @throws DATA_UNSUITABLE when nothing would be learned from
 */
export function fieldSides(values: readonly FieldValue[], heldOutValues: readonly string[] | null, field: string): RowSides {
  const chosen = heldOutValues && new Set(heldOutValues)
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
      `“${field}” names no row to learn from: its values are ${[...sides.keys()].slice(0, 8).join(', ') || 'all missing'}.`,
      'Say which values are held out; all others are learned from.',
      { parameter: 'heldOutValues', field },
    )
  return (row) => sides.get(asText(values[row]) ?? '') ?? neither
}
