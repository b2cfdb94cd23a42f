/** What fields hold where their file does not say it: found by looking through all rows once. */
import type { FieldType } from '../../data/dataset.ts'
import type { FieldValue } from '../../data/fields.ts'

/** More distinct texts are no categories. */
const mostCategories = 65_536
/** “Cluster 2” before “Cluster 10”, the same on every computer. */
const natural = new Intl.Collator('en', { numeric: true })

/**
 * Numbers that are all whole are integers; texts that repeat are categories in natural order, as anndata makes them when it writes a
 * table. Memory: up to 65 536 texts of a field.
 */
export class FieldLook {
  #rows = 0
  #texts: Set<string> | null = new Set()
  #numbers = false
  #whole = true

  see(values: readonly FieldValue[]): void {
    this.#rows += values.length
    for (const value of values) {
      if (value === null) continue
      if (typeof value === 'number') {
        this.#numbers = true
        if (!Number.isSafeInteger(value)) this.#whole = false
      } else if (this.#texts && !this.#texts.has(value)) {
        this.#texts.add(value)
        if (this.#texts.size > mostCategories) this.#texts = null
      }
    }
  }

  type(): FieldType {
    const texts = this.#texts
    if (this.#numbers && texts?.size === 0) return { kind: this.#whole ? 'integer' : 'number' }
    // A column of numbers and texts is one of texts.
    if (this.#numbers || texts === null || texts.size >= this.#rows) return { kind: 'text' }
    return { kind: 'category', categories: [...texts].sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1)), ordered: false }
  }
}
