/**
 * Programs for any number of rows, though they are traced for a fixed one.
 *
 * A program that is to run on any number of rows is traced for `manyRows` of them, a prime larger than any width. A multiple of it in
 * a shape can then only come from the number of rows, and is computed from it when the program runs.
 */
import type { NodeValues, Shape } from '../graph/node.ts'

export const manyRows = 131_071

const dependsOnRows = (n: number): boolean => n !== 0 && n % manyRows === 0
export const hasRows = (sizes: readonly number[]): boolean => sizes.some(dependsOnRows)

/** A shape as it is declared: 'rows' or '3·rows' where its length depends on them. */
export const declaredShape = (shape: Shape): (number | string)[] =>
  shape.map((n) => (dependsOnRows(n) ? (n === manyRows ? 'rows' : `${n / manyRows}·rows`) : n))

/** Where lists and constants that depend on the number of rows are computed. */
interface Writer {
  emit(op: string, inputs: readonly string[], outputs: readonly string[], attributes?: Readonly<Record<string, number>>): void
  list(values: readonly number[] | number): string
}

export class RowCount {
  readonly #input: string
  readonly #known = new Set<string>()

  /** @param input  the name of a value with the rows along its first axis */
  constructor(input: string) {
    this.#input = input
  }

  /** The name of an int64 list, some of it multiples of the number of rows. */
  list(writer: Writer, values: readonly number[]): string {
    const name = `int64[${declaredShape(values)}]`
    return this.#once(name, () => {
      const parts = values.map((n) => (dependsOnRows(n) ? this.#multiple(writer, n / manyRows) : writer.list([n])))
      writer.emit('Concat', parts, [name], { axis: 0 })
    })
  }

  /**
   * Row numbers times a step [rows, 1, …], the one constant of this length that has a meaning for other numbers of rows.
   * @throws when the values are anything else
   */
  constant(writer: Writer, name: string, shape: Shape, dtype: string, values: NodeValues): void {
    const step = values[1] ?? 0
    if (shape[0] !== manyRows || values.length !== manyRows || dtype !== 'int32' || !values.every((v, row) => v === Math.imul(row, step)))
      throw new Error('it keeps a number for each row of a block, so it cannot take any number of rows')
    writer.emit('Range', [writer.list(0), this.#scalar(writer, step), writer.list(step)], [`${name} int64`])
    writer.emit('Cast', [`${name} int64`], [`${name} flat`], { to: 6 })
    writer.emit('Reshape', [`${name} flat`, this.list(writer, shape)], [name])
  }

  /** int64 [1]: the number of rows, times a factor. */
  #multiple(writer: Writer, factor: number): string {
    const rows = this.#once('rows', () => writer.emit('Shape', [this.#input], ['rows'], { start: 0, end: 1 }))
    if (factor === 1) return rows
    return this.#once(`${factor}·rows`, () => writer.emit('Mul', [rows, writer.list([factor])], [`${factor}·rows`]))
  }

  #scalar(writer: Writer, factor: number): string {
    const name = `${factor}·rows scalar`
    return this.#once(name, () => writer.emit('Squeeze', [this.#multiple(writer, factor)], [name]))
  }

  #once(name: string, write: () => void): string {
    if (!this.#known.has(name)) {
      this.#known.add(name)
      write()
    }
    return name
  }
}
