/** Columns named by what they have in common: `temp_*` by name, `type:category` by type. */
import type { Column } from './dataset.ts'

/** Null when the text is neither: then it can only be a name. */
export function columnPattern(text: string): ((column: Pick<Column, 'name' | 'type'>) => boolean) | null {
  const type = /^type:(\w+)$/.exec(text)?.[1]
  if (type) return (column) => column.type === type
  if (!text.includes('*')) return null
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const expression = new RegExp(`^${parts.join('.*')}$`, 'i')
  return (column) => expression.test(column.name)
}
