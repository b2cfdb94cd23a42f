/**
 * Elementwise arithmetic on whole arrays, with sums along rows, as one kernel: every array is read and written once, row by row,
 * where operation by operation each would cost a pass over memory. Made for optimisers: Adam on 8 million weights is bound by
 * memory alone.
 *
 * A kernel is a list of nodes, inputs before users, of three extents: full [rows, columns], row [rows] (one number per row) and
 * scalar. A sum along a row is known when the row has been passed, so what needs it happens in a next pass over the same row, which
 * by then is in the nearest cache; full values that wait for it are kept in scratch rows. Sums have one fixed order.
 */
import { f32, f32x4, type Func, i32, type Kernel, type Local, load, type Value } from './assembler.ts'

export type Extent = 'full' | 'row' | 'scalar'
export interface RowNode {
  /** 'Leaf' is read from its own address, 'Number' is `value`, 'ReduceSum' sums a full node along each row; the rest is elementwise. */
  readonly op: string
  readonly extent: Extent
  readonly inputs: readonly number[]
  readonly value?: number
}
export interface RowProgram {
  readonly rows: number
  readonly columns: number
  readonly nodes: readonly RowNode[]
  /** Nodes whose values are wanted, each with its own address; `over` is a leaf that lies at the same address, −1 for none. */
  readonly results: readonly { readonly node: number; readonly over: number }[]
}

const one = (): Value => f32x4.splat(f32.const(1))
const zero = (): Value => f32x4.splat(f32.const(0))
/** Operations on four lanes; conditions are lanes of all ones or zeros. */
const operations: Readonly<Record<string, (...x: readonly Value[]) => Value>> = {
  Add: f32x4.add,
  Sub: f32x4.sub,
  Mul: f32x4.mul,
  Div: f32x4.div,
  Max: f32x4.max,
  Min: f32x4.min,
  Sqrt: f32x4.sqrt,
  Neg: f32x4.neg,
  Abs: f32x4.abs,
  Relu: (x) => f32x4.max(x, zero()),
  Reciprocal: (x) => f32x4.div(one(), x),
  Sign: (x) =>
    f32x4.select(f32x4.sub(f32x4.and(f32x4.greater(x, zero()), one()), f32x4.and(f32x4.less(x, zero()), one())), x, f32x4.equal(x, x)),
  Greater: f32x4.greater,
  GreaterOrEqual: f32x4.atLeast,
  Less: f32x4.less,
  LessOrEqual: f32x4.atMost,
  Equal: f32x4.equal,
  Not: f32x4.not,
  And: f32x4.and,
  Or: f32x4.or,
  Where: (condition, a, b) => f32x4.select(a, b, condition),
}
/** The operations that may stand between leaves and results. */
export const fusible: ReadonlySet<string> = new Set([...Object.keys(operations), 'ReduceSum'])

interface Passes {
  readonly count: number
  /** In which pass over a row a full node is computed or a sum is finished; −1 for what is known before. */
  readonly of: readonly number[]
  /** In which pass a result is written: not before its place has been read for the last time. */
  readonly written: readonly number[]
  /** Full nodes that a later pass needs. */
  readonly kept: readonly number[]
}

function passesOf({ nodes, results }: RowProgram): Passes {
  const earliest: number[] = []
  for (const { op, extent, inputs } of nodes) {
    const from = inputs.map((i) => earliest[i] + (extent === 'full' && nodes[i].extent === 'row' ? 1 : 0))
    earliest.push(op === 'Leaf' || op === 'Number' ? -1 : Math.max(extent === 'full' || op === 'ReduceSum' ? 0 : -1, ...from))
  }
  // As late as possible, so that little has to be kept; sums of rows as early as possible, so that there are few passes.
  const of = [...earliest]
  const uses: number[][] = nodes.map(() => [])
  for (const { node } of results) uses[node].push(earliest[node])
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { op, extent, inputs } = nodes[i]
    if (extent === 'full' && op !== 'Leaf') of[i] = Math.max(earliest[i], Math.min(...uses[i]))
    for (const input of inputs) uses[input].push(of[i])
  }
  const written = results.map(({ node, over }) => Math.max(of[node], ...(over < 0 ? [] : uses[over])))
  for (const [i, { node }] of results.entries()) uses[node].push(written[i])
  const kept = nodes.flatMap(({ op, extent }, i) => (extent === 'full' && op !== 'Leaf' && Math.max(...uses[i]) > of[i] ? [i] : []))
  return { count: Math.max(0, ...written, ...of) + 1, of, written, kept }
}

/** Bytes of scratch memory. */
export const scratchOf = (program: RowProgram): number => 4 * program.columns * passesOf(program).kept.length

/** Parameters: the addresses of the leaves in the order of the nodes, those of the results, that of the scratch memory. */
export function fusedRows(program: RowProgram): Kernel {
  const { rows, columns, nodes, results } = program
  const leaves = nodes.flatMap(({ op }, i) => (op === 'Leaf' ? [i] : []))
  return {
    parameters: Array.from({ length: leaves.length + results.length + 1 }, () => 'i32' as const),
    build(f, parameters) {
      const leafAt = new Map(leaves.map((leaf, i) => [leaf, parameters[i]]))
      const resultAt = results.map((_, i) => parameters[leaves.length + i])
      new RowWriter(f, program, leafAt, resultAt, parameters[parameters.length - 1]).write(rows, columns)
    },
  }
}

const computed = ({ op, inputs, value }: RowNode, numberOf: (input: number) => Value): Value =>
  op === 'Number' ? f32x4.splat(f32.const(value as number)) : operations[op](...inputs.map(numberOf))

class RowWriter {
  readonly #f: Func
  readonly #program: RowProgram
  readonly #passes: Passes
  readonly #leafAt: ReadonlyMap<number, Local>
  readonly #resultAt: readonly Local[]
  readonly #scratch: Local
  /** Scalars and numbers of the current row, in all lanes. */
  readonly #known = new Map<number, Local>()

  constructor(f: Func, program: RowProgram, leafAt: ReadonlyMap<number, Local>, resultAt: readonly Local[], scratch: Local) {
    this.#f = f
    this.#program = program
    this.#passes = passesOf(program)
    this.#leafAt = leafAt
    this.#resultAt = resultAt
    this.#scratch = scratch
  }

  write(rows: number, columns: number): void {
    const f = this.#f
    const { nodes, results } = this.#program
    this.#compute('scalar', -1)
    f.each(i32.const(0), i32.const(rows), 1, () => {
      this.#compute('row', -1)
      for (let pass = 0; pass < this.#passes.count; pass++) this.#pass(pass, 4 * columns)
      for (const [node, at] of this.#leafAt) this.#advance(at, nodes[node].extent, columns)
      for (const [i, at] of this.#resultAt.entries()) this.#advance(at, nodes[results[i].node].extent, columns)
    })
  }

  #advance(at: Local, extent: Extent, columns: number): void {
    if (extent !== 'scalar') this.#f.set(at, i32.add(at, i32.const(extent === 'full' ? 4 * columns : 4)))
  }

  /** Scalars, or numbers of a row, that are known after a pass. */
  #compute(extent: 'scalar' | 'row', pass: number): void {
    for (const [i, node] of this.#program.nodes.entries()) {
      if (node.extent !== extent || node.op === 'ReduceSum' || this.#passes.of[i] !== pass) continue
      const leaf = this.#leafAt.get(i)
      this.#know(i, leaf ? load.splat(leaf) : computed(node, (input) => this.#known.get(input) as Local))
    }
  }

  #know(i: number, value: Value): void {
    const known = this.#known.get(i)
    if (known) this.#f.set(known, value)
    else this.#known.set(i, this.#f.local(value))
  }

  #pass(pass: number, rowBytes: number): void {
    const f = this.#f
    const { nodes } = this.#program
    const summed = nodes.flatMap(({ op }, i) => (op === 'ReduceSum' && this.#passes.of[i] === pass ? [i] : []))
    const lanes = new Map(summed.map((i) => [i, f.local(zero())]))
    const rest = new Map(summed.map((i) => [i, f.local(f32.const(0))]))
    const whole = rowBytes & -16
    f.each(i32.const(0), i32.const(whole), 16, (d) =>
      this.#columns(
        pass,
        rowBytes,
        d,
        load.v128,
        (value) => value,
        (i, value) => {
          const sum = lanes.get(i) as Local
          f.set(sum, f32x4.add(sum, value))
        },
      ),
    )
    // The last one to three numbers of a row go through the same operations, one number in all lanes.
    if (whole < rowBytes)
      f.each(i32.const(whole), i32.const(rowBytes), 4, (d) =>
        this.#columns(
          pass,
          rowBytes,
          d,
          load.splat,
          (value) => f32.lane(value, 0),
          (i, value) => {
            const sum = rest.get(i) as Local
            f.set(sum, f32.add(sum, f32.lane(value, 0)))
          },
        ),
      )
    for (const i of summed) {
      const [a, b, c, d] = [0, 1, 2, 3].map((lane) => f32.lane(lanes.get(i) as Local, lane))
      this.#know(i, f32x4.splat(f32.add(f32.add(f32.add(a, b), f32.add(c, d)), rest.get(i) as Local)))
    }
    this.#compute('row', pass)
    for (const [i, { node }] of this.#program.results.entries())
      if (nodes[node].extent === 'row' && this.#passes.written[i] === pass)
        f.store(this.#resultAt[i], f32.lane(this.#known.get(node) as Local, 0))
  }

  /** All full nodes of a pass at the columns that start `d` bytes into the row. */
  #columns(
    pass: number,
    rowBytes: number,
    d: Local,
    read: (at: Value) => Value,
    toStore: (value: Value) => Value,
    addTo: (sum: number, value: Value) => void,
  ): void {
    const f = this.#f
    const { nodes, results } = this.#program
    const here = new Map<number, Local>()
    const scratchAt = (node: number): Value => i32.add(this.#scratch, i32.add(d, i32.const(rowBytes * this.#passes.kept.indexOf(node))))
    const numberOf = (i: number): Value => {
      const known = here.get(i) ?? this.#known.get(i)
      if (known) return known
      // A leaf, or a value that an earlier pass has kept.
      const leaf = this.#leafAt.get(i)
      const value = f.local(read(leaf ? i32.add(leaf, d) : scratchAt(i)))
      here.set(i, value)
      return value
    }
    for (const [i, node] of nodes.entries()) {
      if (this.#passes.of[i] !== pass) continue
      if (node.op === 'ReduceSum') addTo(i, numberOf(node.inputs[0]))
      if (node.extent !== 'full' || node.op === 'Leaf') continue
      const value = f.local(computed(node, numberOf))
      here.set(i, value)
      if (this.#passes.kept.includes(i)) f.store(scratchAt(i), toStore(value))
    }
    for (const [i, { node }] of results.entries())
      if (nodes[node].extent === 'full' && this.#passes.written[i] === pass) f.store(i32.add(this.#resultAt[i], d), toStore(numberOf(node)))
  }
}
