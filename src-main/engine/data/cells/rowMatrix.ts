/** A matrix of cells by genes, read by stretches of cells whatever way it is stored. */
export interface RowMatrix {
  readonly rows: number
  readonly columns: number
  /** Type of the stored values, e.g. 'int32', 'float32'. */
  readonly dtype: string
  readonly storage: 'dense' | 'dense by genes' | 'CSR' | 'CSC' | 'coordinates'
  /** Stored values of a sparse matrix; null when dense. */
  readonly stored: number | null
  /** Compression as stored, 'none' without. */
  readonly compression: string
  /** Bytes that reading one row needs besides its values. */
  readonly rowBytes: number
  /** Rows that are stored together; reading multiples of it is the fastest. */
  readonly rowStep: number
  /**
   * Rows [from, to) of the wanted columns, row-major. Fastest in ascending order.
   * @param position `position[c]` is where column c goes in a row, −1 nowhere; null for all columns in their order
   */
  read(from: number, to: number, wanted: number, position: Int32Array | null, signal?: AbortSignal): Promise<Float32Array>
  /** The same for a few rows, without preparations that go through the whole matrix. */
  peek(from: number, to: number, wanted: number, position: Int32Array | null): Promise<Float32Array>
  /** Some stored values from several places, at most 50 000; zeros of a sparse matrix are not among them. */
  sample(): Float64Array
  close(): Promise<void>
}

/** Where the sample of `n` stored values is taken: at most ten stretches of 5000. */
export function sampleStretches(n: number): [from: number, to: number][] {
  const length = 5000
  const pieces = Math.min(10, Math.ceil(n / length))
  return Array.from({ length: pieces }, (_, i) => {
    const from = pieces === 1 ? 0 : Math.floor(((n - Math.min(n, length)) * i) / (pieces - 1))
    return [from, Math.min(n, from + length)]
  })
}

/** What the values of a matrix look like, judged by a sample. */
export type ValueKind = 'counts' | 'scaled' | 'log-normalised' | 'normalised' | 'empty'

/** log1p of counts per 10 000 stays below 9.3; counts per million below 13.9. */
const largestLog = 20

export function valueKind(sample: ArrayLike<number>): ValueKind {
  let integers = true
  let negative = false
  let largest = 0
  let seen = 0
  for (let i = 0; i < sample.length; i++) {
    const value = sample[i] as number
    if (!Number.isFinite(value)) continue
    seen++
    if (!Number.isInteger(value)) integers = false
    if (value < 0) negative = true
    if (value > largest) largest = value
  }
  if (seen === 0) return 'empty'
  if (negative) return 'scaled'
  if (integers) return 'counts'
  return largest < largestLog ? 'log-normalised' : 'normalised'
}

/**
 * Names of genes made unique as anndata does: the first of a name keeps it, the others become name-1, name-2 …
 * @returns the names and how many were changed
 */
export function uniqueNames(names: readonly string[]): { names: string[]; changed: number } {
  const taken = new Set(names)
  if (taken.size === names.length) return { names: [...names], changed: 0 }
  const seen = new Set<string>()
  const counter = new Map<string, number>()
  let changed = 0
  const unique = names.map((name) => {
    if (!seen.has(name)) {
      seen.add(name)
      return name
    }
    changed++
    let n = counter.get(name) ?? 0
    do n++
    while (taken.has(`${name}-${n}`))
    counter.set(name, n)
    taken.add(`${name}-${n}`)
    return `${name}-${n}`
  })
  return { names: unique, changed }
}

/** Some columns of a matrix, in ascending order, as a matrix of their own. */
export function selectColumns(matrix: RowMatrix, kept: Int32Array): RowMatrix {
  const through = (position: Int32Array | null): Int32Array => {
    const full = new Int32Array(matrix.columns).fill(-1)
    for (let c = 0; c < kept.length; c++) full[kept[c] as number] = position ? (position[c] as number) : c
    return full
  }
  return {
    ...matrix,
    columns: kept.length,
    read: (from, to, wanted, position, signal) => matrix.read(from, to, wanted, through(position), signal),
    peek: (from, to, wanted, position) => matrix.peek(from, to, wanted, through(position)),
  }
}
