/** The ADBench tables of the shared data: rows, which of them are unusual, and the split that the anomaly bench judges by. */
import { readdirSync } from 'node:fs'
import { randomStream } from '../../src-main/engine/analysis/random.ts'
import { openSource } from '../../src-main/engine/data/inspect.ts'
import { sharedData } from './sharedData.ts'

const folder = 'anomaly/adbench_classical'

export interface LabelledTable {
  readonly n: number
  readonly d: number
  /** [n × d] row-major */
  readonly X: Float32Array
  /** [n] 1 where the row is unusual. */
  readonly y: Uint8Array
}

/** '14_glass', '18_Ionosphere' … */
export const adbenchNames = (): string[] =>
  readdirSync(sharedData(folder))
    .filter((name) => name.endsWith('.npz'))
    .map((name) => name.slice(0, -'.npz'.length))
    .sort()

/** As it is in the file. */
export async function adbenchTable(name: string): Promise<LabelledTable> {
  const source = await openSource(sharedData(`${folder}/${name}.npz`))
  try {
    const { rows: n, columns } = source.report
    const d = columns.length
    const X = new Float32Array(n * d)
    for await (const chunk of source.chunks()) X.set(chunk.X, chunk.start * d)
    const labels = (await source.metadata?.('y')) ?? []
    return { n, d, X, y: Uint8Array.from(labels, (label) => Number(label)) }
  } finally {
    await source.close()
  }
}

/** Mean 0 and standard deviation 1 of the given rows' columns, for all rows; a column that does not vary there is only moved. */
function standardisedBy(learned: readonly number[], { X, d }: LabelledTable): (row: number, out: Float32Array, at: number) => void {
  const mean = new Float64Array(d)
  const spread = new Float64Array(d)
  for (const row of learned) for (let j = 0; j < d; j++) mean[j] += X[row * d + j] / learned.length
  for (const row of learned) for (let j = 0; j < d; j++) spread[j] += (X[row * d + j] - mean[j]) ** 2 / learned.length
  const scale = spread.map((variance, j) => (variance > 1e-12 * mean[j] ** 2 ? Math.sqrt(variance) : 1))
  return (row, out, at) => {
    for (let j = 0; j < d; j++) out[at + j] = (X[row * d + j] - mean[j]) / scale[j]
  }
}

function taken(table: LabelledTable, rows: readonly number[], learned: readonly number[]): LabelledTable {
  const { d, y } = table
  const put = standardisedBy(learned, table)
  const X = new Float32Array(rows.length * d)
  for (const [i, row] of rows.entries()) put(row, X, i * d)
  return { n: rows.length, d, X, y: Uint8Array.from(rows, (row) => y[row]) }
}

/** The whole table, standardised by itself. */
export function standardised(table: LabelledTable): LabelledTable {
  const rows = Array.from({ length: table.n }, (_, i) => i)
  return taken(table, rows, rows)
}

/**
 * Half of the ordinary rows to learn from, the other half and all unusual ones to judge by, both standardised by the former.
 * `mostRows` bounds what is learned from, after standardising; rows that are judged are never left out.
 */
export function halfOfNormals(
  table: LabelledTable,
  seed: number,
  mostRows = Number.POSITIVE_INFINITY,
): { learn: LabelledTable; judge: LabelledTable } {
  const random = randomStream(seed, 'halfOfNormals')
  const rows = Array.from({ length: table.n }, (_, i) => i)
  const normal = rows.filter((row) => table.y[row] === 0)
  for (let i = normal.length - 1; i > 0; i--) {
    const other = random.below(i + 1)
    const row = normal[i]
    normal[i] = normal[other]
    normal[other] = row
  }
  const half = normal.length >> 1
  const learned = normal.slice(0, half)
  return {
    learn: taken(table, learned.slice(0, mostRows), learned),
    judge: taken(table, [...normal.slice(half), ...rows.filter((row) => table.y[row] !== 0)], learned),
  }
}
