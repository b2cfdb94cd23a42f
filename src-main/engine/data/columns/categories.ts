/** Distinct texts of one column in the order of their first coming, until there are too many to be categories. */

/** More distinct texts than this is free text. */
export const mostCategories = 1000
/** A text longer than this is not the name of a category. */
const longestCategory = 200

export class CategoryTally {
  present = 0
  missing = 0
  /** Position of each text; null once there are too many. */
  #positions: Map<string, number> | null = new Map()

  add(text: string | null): void {
    if (text === null) {
      this.missing++
      return
    }
    this.present++
    if (this.#positions === null || this.#positions.has(text)) return
    if (this.#positions.size === mostCategories || text.length > longestCategory) this.#positions = null
    else this.#positions.set(text, this.#positions.size)
  }

  /** True once nothing that follows can make this a category. */
  get settled(): boolean {
    return this.#positions === null
  }

  /** The texts in alphabetical order; null when they are free text: too many, or hardly any comes twice. */
  categories(): string[] | null {
    const positions = this.#positions
    if (positions === null || positions.size === 0) return null
    if (positions.size >= this.present / 2 && this.present >= 20) return null
    return [...positions.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }
}
