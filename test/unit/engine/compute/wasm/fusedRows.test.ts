import { describe, expect, test } from 'vitest'
import { instantiate } from '#engine/compute/wasm/assembler.ts'
import { fusedRows, type RowProgram, scratchOf } from '#engine/compute/wasm/fusedRows.ts'
import { uniformsOf } from '#engine/compute/random/counter.ts'

/** Runs a program on leaves (in the order of its nodes) and gives its results; those that lie over a leaf replace it. */
function run(program: RowProgram, leaves: readonly Float32Array[]): Float32Array[] {
  const memory = new WebAssembly.Memory({ initial: 16 })
  const floats = new Float32Array(memory.buffer)
  let next = 16
  const place = (length: number): number => {
    next += length
    return 4 * (next - length)
  }
  const leafAt = leaves.map((values) => {
    const at = place(values.length)
    floats.set(values, at / 4)
    return at
  })
  const leafNodes = program.nodes.flatMap(({ op }, i) => (op === 'Leaf' ? [i] : []))
  const size = { full: program.rows * program.columns, row: program.rows, scalar: 1 }
  const resultAt = program.results.map(({ node, over }) =>
    over < 0 ? place(size[program.nodes[node].extent]) : leafAt[leafNodes.indexOf(over)],
  )
  const { kernel } = instantiate({ kernel: fusedRows(program) }, memory)
  kernel(...leafAt, ...resultAt, place(scratchOf(program) / 4))
  return program.results.map(({ node }, i) => floats.slice(resultAt[i] / 4, resultAt[i] / 4 + size[program.nodes[node].extent]))
}

const numbers = (length: number, site: string): Float32Array => {
  const draw = uniformsOf(1, site)
  return Float32Array.from({ length }, (_, i) => draw(i) - 0.5)
}
const leaf = (extent: 'full' | 'row' | 'scalar') => ({ op: 'Leaf', extent, inputs: [] }) as const
const full = (op: string, ...inputs: number[]) => ({ op, extent: 'full', inputs }) as const
const row = (op: string, ...inputs: number[]) => ({ op, extent: 'row', inputs }) as const

describe('fused rows', () => {
  test.each([1, 3, 4, 17])('compute every operation as JavaScript does, %i columns', (columns) => {
    const cases: readonly (readonly [string, (x: number, y: number) => number])[] = [
      ['Add', (x, y) => x + y],
      ['Sub', (x, y) => x - y],
      ['Mul', (x, y) => x * y],
      ['Div', (x, y) => x / y],
      ['Max', Math.max],
      ['Min', Math.min],
      ['Sqrt', Math.sqrt],
      ['Neg', (x) => -x],
      ['Abs', Math.abs],
      ['Relu', (x) => Math.max(0, x)],
      ['Reciprocal', (x) => 1 / x],
      ['Sign', Math.sign],
    ]
    const [x, y] = [numbers(2 * columns, 'x'), numbers(2 * columns, 'y')]
    x[1] = Number.NaN
    for (const [op, f] of cases) {
      const inputs = f.length === 1 ? [0] : [0, 1]
      const [z] = run({ rows: 2, columns, nodes: [leaf('full'), leaf('full'), full(op, ...inputs)], results: [{ node: 2, over: -1 }] }, [
        x,
        y,
      ])
      expect(Array.from(z), op).toEqual(Array.from(x, (v, i) => Math.fround(f(v, y[i]))))
    }
  })

  test('choose by condition', () => {
    const nodes = [
      leaf('full'),
      { op: 'Number', extent: 'scalar', inputs: [], value: 0.1 } as const,
      full('Greater', 0, 1),
      full('Where', 2, 0, 1),
    ]
    const [z] = run({ rows: 1, columns: 5, nodes, results: [{ node: 3, over: -1 }] }, [Float32Array.of(1, 0, -1, 0.5, 0.05)])
    expect(Array.from(z)).toEqual([1, 0.1, 0.1, 0.5, 0.1].map(Math.fround))
  })

  test('bring rows to length one after a step along the sphere, in place', () => {
    const [rows, columns] = [3, 6]
    const [w, g] = [numbers(rows * columns, 'w'), numbers(rows * columns, 'g')]
    // 0 w, 1 g, 2 w·g, 3 Σ, 4 w Σ, 5 g − w Σ, 6 step, 7 step², 8 Σ, 9 length, 10 the row at length one
    const nodes = [
      leaf('full'),
      leaf('full'),
      full('Mul', 0, 1),
      row('ReduceSum', 2),
      full('Mul', 0, 3),
      full('Sub', 1, 4),
      full('Sub', 0, 5),
      full('Mul', 6, 6),
      row('ReduceSum', 7),
      row('Sqrt', 8),
      full('Div', 6, 9),
    ]
    const results = [
      { node: 10, over: 0 },
      { node: 9, over: -1 },
      { node: 5, over: 1 },
    ]
    const [unit, lengths, along] = run({ rows, columns, nodes, results }, [w, g])
    for (let r = 0; r < rows; r++) {
      const part = (of: Float32Array): number[] => Array.from(of.subarray(r * columns, (r + 1) * columns))
      const [wr, gr] = [part(w), part(g)]
      const dot = wr.reduce((sum, v, i) => sum + v * gr[i], 0)
      const free = gr.map((v, i) => v - dot * wr[i])
      const step = wr.map((v, i) => v - free[i])
      const length = Math.hypot(...step)
      expect(lengths[r]).toBeCloseTo(length, 6)
      for (let i = 0; i < columns; i++) {
        expect(part(unit)[i]).toBeCloseTo(step[i] / length, 6)
        expect(part(along)[i]).toBeCloseTo(free[i], 6)
      }
    }
  })
})
