/**
 * Units of a trained model that give the same number for every row: rectified ones that are always zero, saturated ones, codes that
 * carry nothing. Looked for on rows from all over the training rows, all of them when they are few; a unit that fires more rarely than
 * those tell looks dead.
 */
import { throwIfCancelled } from '#common/errors.ts'
import { compile } from '../compute/compile.ts'
import type { NumericWorker } from '../compute/numericWorker.ts'
import { type RowReader, rowsOfBlock } from '../compute/rowReader.ts'
import { type HostArrays, specsOf, type TensorMap } from '../compute/step.ts'
import { max, min, reshape, type Tensor, type Tensor2D } from '../compute/tfjs.ts'
import { type Program, trace } from '../compute/trace/trace.ts'
import { observe } from '../layers/observe.ts'
import type { ModelDefinition, Weights } from '../models/define.ts'

export interface DeadUnits {
  /** 'encoder/1', or 'code'. */
  readonly layer: string
  readonly units: number
  readonly of: number
  /** How many rows were looked at, of how many. */
  readonly rows: number
  readonly ofRows: number
  /** Whether it is a code of which every row uses a few numbers only. */
  readonly isSparse: boolean
}

const mostRows = 16_384
const fewestStretches = 16
/** Numbers that a layer may give for one stretch: 16 MB. */
const mostNumbers = 4 * 2 ** 20
/** A unit is dead when what it gives stays within this share of the widest range in its layer. */
const deadShare = 1e-5

/** Time: a way through the model for at most 16 384 rows, so no more than judging it. Memory: one stretch and what the layers make of it, 16 MB each. */
export async function deadUnits(
  { title, built, weights }: { readonly title: string; readonly built: ReturnType<ModelDefinition['build']>; readonly weights: Weights },
  worker: NumericWorker,
  threads: number,
  rows: RowReader,
  signal: AbortSignal,
): Promise<DeadUnits[]> {
  const wanted = Math.min(rows.rows, rowsOfBlock(rows.columns, mostRows))
  const widest = Math.max(rows.columns, ...Object.values(weights).flatMap(({ shape }) => shape))
  const stretches = Math.max(fewestStretches, Math.ceil((wanted * widest) / mostNumbers))
  const [count, length] = wanted < fewestStretches ** 2 ? [1, wanted] : [stretches, Math.ceil(wanted / stretches)]
  const ranges = new Map<string, { readonly low: Float32Array; readonly high: Float32Array }>()
  const executor = await worker.open(compile(traceRanges(title, built, weights, length, rows.columns)), threads)
  try {
    await executor.load({ inputs: weights })
    for (let i = 0; i < count; i++) {
      throwIfCancelled(signal)
      const from = count > 1 ? Math.floor((i * (rows.rows - length)) / (count - 1)) : 0
      const values = (await rows.read(from, length)).slice(0, length * rows.columns)
      widen(ranges, await executor.run({ x: { shape: [1, length, rows.columns], values } }, 1))
    }
  } finally {
    await executor.close()
  }
  return [...ranges].flatMap(([layer, { low, high }]) => {
    const range = low.map((value, unit) => high[unit] - value)
    const widest = range.reduce((a, b) => Math.max(a, b), 0)
    const units = range.reduce((dead, width) => dead + (width <= deadShare * widest ? 1 : 0), 0)
    const looked = { rows: Math.min(rows.rows, count * length), ofRows: rows.rows }
    return units > 0 ? [{ layer, units, of: range.length, ...looked, isSparse: layer === 'code' && isSparse(built) }] : []
  })
}

const isSparse = (built: ReturnType<ModelDefinition['build']>): boolean =>
  built.kind === 'gradient' && built.stages.at(-1)?.layout.activeCodes !== undefined

function widen(ranges: Map<string, { readonly low: Float32Array; readonly high: Float32Array }>, out: HostArrays): void {
  for (const [name, { values }] of Object.entries(out)) {
    if (!name.startsWith('low/')) continue
    const layer = name.slice('low/'.length)
    const [low, high] = [values as Float32Array, out[`high/${layer}`].values as Float32Array]
    const known = ranges.get(layer)
    if (!known) ranges.set(layer, { low: low.slice(), high: high.slice() })
    else
      for (let unit = 0; unit < low.length; unit++) {
        known.low[unit] = Math.min(known.low[unit], low[unit])
        known.high[unit] = Math.max(known.high[unit], high[unit])
      }
  }
}

/** Lowest and highest of each unit of each layer over a block of rows; images count as as many rows as they have pixels. */
function traceRanges(
  title: string,
  built: Pick<ReturnType<ModelDefinition['build']>, 'encode' | 'decode'>,
  weights: Weights,
  block: number,
  inputDim: number,
): Program {
  const spec = { state: {}, inputs: specsOf(weights), scan: { x: { shape: [block, inputDim], dtype: 'float32' } } } as const
  return trace(`${title}, units`, spec, ({ inputs, scan }) => {
    const x = scan.x as Tensor2D
    const { result: code, activations: there } = observe(() => built.encode(x, inputs))
    const { activations: back } = observe(() => built.decode(code, inputs, x))
    // What comes out at the end is no unit: a column that never changes should be given back as such.
    const hidden = [...there, ...[...back].slice(0, -1)].filter(([, h]) => h.id !== code.id)
    const out: Record<string, Tensor> = {}
    for (const [layer, h] of [...hidden, ['code', code] as const]) {
      const flat = reshape(h, [-1, widthOf(h)])
      out[`low/${layer}`] = min(flat, 0)
      out[`high/${layer}`] = max(flat, 0)
    }
    return { state: {}, out: out satisfies TensorMap }
  })
}

const widthOf = (h: Tensor): number => h.shape.at(-1) ?? 0
