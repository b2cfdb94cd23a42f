/**
 * The gradient of every kernel that models use, written once; eager and compiled runs share it.
 *
 * (tfjs-core's Node bundle brings none, and those in its sources multiply by full-size tensors of ones.)
 * Letters: y = f(x), dy the gradient that arrives at y; each line returns what arrives at the inputs.
 */
import {
  add,
  cast,
  concat,
  cos,
  div,
  equal,
  exp,
  fill,
  gather,
  greater,
  greaterEqual,
  less,
  type GradConfig,
  lessEqual,
  log,
  logicalAnd,
  matMul,
  minimum,
  mul,
  neg,
  pad,
  pow,
  registerGradient,
  reshape,
  sigmoid,
  sign,
  sin,
  slice,
  split,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  tile,
  transpose,
  unsortedSegmentSum,
  unstack,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { scatterAlong } from './special/alongAxis.ts'

/** Sums dy over the axes along which x was repeated. */
function unbroadcast(dy: Tensor, { shape }: Tensor): Tensor {
  const lead = dy.rank - shape.length
  const axes = dy.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length ? reshape(sum(dy, axes), shape) : dy
}

type Saved = readonly Tensor[]
type Attrs = Readonly<Record<string, unknown>>
type InputGradients = Record<string, () => Tensor>

function define(
  kernelName: string,
  config: Omit<GradConfig, 'kernelName' | 'gradFunc'>,
  gradFunc: (dy: Tensor, saved: Saved, attrs: Attrs) => InputGradients,
): void {
  registerGradient({ kernelName, ...config, gradFunc: (dy, saved, attrs) => gradFunc(dy as Tensor, saved, attrs) })
}

/** y = f(a, b), elementwise: what arrives before the repeated axes are summed. */
function binary(
  kernelName: string,
  a: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
  b: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
): void {
  define(kernelName, { inputsToSave: ['a', 'b'] }, (dy, [x, y]) => ({
    a: () => unbroadcast(a(dy, x, y), x),
    b: () => unbroadcast(b(dy, x, y), y),
  }))
}
binary(
  'Add',
  (dy) => dy,
  (dy) => dy,
)
binary(
  'Sub',
  (dy) => dy,
  (dy) => neg(dy),
)
binary(
  'Multiply',
  (dy, _, b) => mul(dy, b),
  (dy, a) => mul(dy, a),
)
binary(
  'RealDiv',
  (dy, _, b) => div(dy, b),
  (dy, a, b) => neg(div(mul(dy, a), square(b))),
)
binary(
  'SquaredDifference',
  (dy, a, b) => mul(dy, mul(2, sub(a, b))),
  (dy, a, b) => mul(dy, mul(-2, sub(a, b))),
)
binary(
  'Maximum',
  (dy, a, b) => mul(dy, cast(greaterEqual(a, b), 'float32')),
  (dy, a, b) => mul(dy, cast(less(a, b), 'float32')),
)
binary(
  'Minimum',
  (dy, a, b) => mul(dy, cast(lessEqual(a, b), 'float32')),
  (dy, a, b) => mul(dy, cast(greater(a, b), 'float32')),
)
define('Pow', { inputsToSave: ['a', 'b'], outputsToSave: [true] }, (dy, [a, b, y]) => ({
  a: () => unbroadcast(mul(dy, mul(b, pow(a, sub(b, 1)))), a),
  b: () => unbroadcast(mul(dy, mul(y, where(greater(a, 0), log(a), zerosLike(a)))), b),
}))

/** y = f(x), elementwise, by x. */
function ofInput(kernelName: string, dx: (dy: Tensor, x: Tensor, attrs: Attrs) => Tensor): void {
  define(kernelName, { inputsToSave: ['x'] }, (dy, [x], attrs) => ({ x: () => dx(dy, x, attrs) }))
}
/** y = f(x), elementwise, by y. */
function ofOutput(kernelName: string, dx: (dy: Tensor, y: Tensor, attrs: Attrs) => Tensor): void {
  define(kernelName, { outputsToSave: [true] }, (dy, [y], attrs) => ({ x: () => dx(dy, y, attrs) }))
}
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 }
const mask = (condition: Tensor): Tensor => cast(condition, 'float32')

ofInput('Identity', (dy) => dy)
// To whole numbers it is a step, and flat.
ofInput('Cast', (dy, x, { dtype }) => (dtype === 'float32' ? dy : zerosLike(x)))
ofInput('Neg', (dy) => neg(dy))
ofInput('Abs', (dy, x) => mul(dy, sign(x)))
ofInput('Square', (dy, x) => mul(dy, mul(2, x)))
ofInput('Log', (dy, x) => div(dy, x))
ofInput('Log1p', (dy, x) => div(dy, add(1, x)))
ofInput('Sin', (dy, x) => mul(dy, cos(x)))
ofInput('Cos', (dy, x) => neg(mul(dy, sin(x))))
ofInput('Erf', (dy, x) => mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))))
ofInput('Softplus', (dy, x) => mul(dy, sigmoid(x)))
ofInput('Rsqrt', (dy, x) => mul(dy, div(-0.5, mul(x, sqrt(x)))))
ofInput('Reciprocal', (dy, x) => neg(div(dy, square(x))))
ofInput('LeakyRelu', (dy, x, { alpha }) => mul(dy, where(greater(x, 0), fill(x.shape, 1), fill(x.shape, alpha as number))))
ofInput('ClipByValue', (dy, x, { clipValueMin, clipValueMax }) =>
  mul(dy, mask(logicalAnd(greaterEqual(x, clipValueMin as number), lessEqual(x, clipValueMax as number)))),
)
ofOutput('Exp', (dy, y) => mul(dy, y))
ofOutput('Expm1', (dy, y) => mul(dy, add(y, 1)))
ofOutput('Sqrt', (dy, y) => div(mul(0.5, dy), y))
ofOutput('Sigmoid', (dy, y) => mul(dy, mul(y, sub(1, y))))
ofOutput('Tanh', (dy, y) => mul(dy, sub(1, square(y))))
ofOutput('Relu', (dy, y) => where(greater(y, 0), dy, zerosLike(dy)))
ofOutput('Relu6', (dy, y) => mul(dy, mask(logicalAnd(greater(y, 0), less(y, 6)))))
// 1 above zero, y + 1 = eˣ below.
ofOutput('Elu', (dy, y) => mul(dy, add(minimum(y, 0), 1)))
ofOutput('Selu', (dy, y) => mul(dy, where(greater(y, 0), fill(y.shape, selu.scale), add(y, selu.scale * selu.alpha))))

// Steps: flat where they have a gradient at all.
for (const kernelName of ['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'ZerosLike', 'OnesLike']) ofInput(kernelName, (dy) => zerosLike(dy))
for (const kernelName of ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual'])
  binary(
    kernelName,
    (_, a) => zerosLike(a),
    (_, __, b) => zerosLike(b),
  )

/** dy of a reduction in the shape of what was reduced, each number repeated along `axes`. */
function expand(dy: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const thin = reshape(
    dy,
    x.shape.map((n, i) => (axes.includes(i) ? 1 : n)),
  )
  return tile(
    thin,
    x.shape.map((n, i) => (axes.includes(i) ? n : 1)),
  )
}
const axesOf = (axis: unknown, rank: number): number[] => {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i)
  return [axis as number | number[]].flat().map((i) => (i < 0 ? i + rank : i))
}
ofInput('Sum', (dy, x, { axis }) => expand(dy, x, axesOf(axis, x.rank)))
ofInput('Mean', (dy, x, { axis }) => {
  const axes = axesOf(axis, x.rank)
  return mul(expand(dy, x, axes), 1 / axes.reduce((count, i) => count * x.shape[i], 1))
})
// Where several elements are the largest, each gets dy.
for (const kernelName of ['Max', 'Min']) {
  define(kernelName, { inputsToSave: ['x'], outputsToSave: [true] }, (dy, [x, y], attrs) => {
    const axes = axesOf(attrs.reductionIndices ?? attrs.axis, x.rank)
    return { x: () => mul(expand(dy, x, axes), mask(equal(x, expand(y, x, axes)))) }
  })
}

/** The transposition of the last two axes. */
const flip = (x: Tensor): Tensor => transpose(x, [...Array.from({ length: x.rank - 2 }, (_, i) => i), x.rank - 1, x.rank - 2])
define('BatchMatMul', { inputsToSave: ['a', 'b'] }, (dy, [a, b], { transposeA, transposeB }) => ({
  a: () => {
    const da = transposeB ? matMul(dy, b) : matMul(dy, b, false, true)
    return unbroadcast(transposeA ? flip(da) : da, a)
  },
  b: () => {
    const db = transposeA ? matMul(a, dy) : matMul(a, dy, true, false)
    return unbroadcast(transposeB ? flip(db) : db, b)
  },
}))

ofInput('Reshape', (dy, x) => reshape(dy, x.shape))
define('ExpandDims', { inputsToSave: ['input'] }, (dy, [x]) => ({ input: () => reshape(dy, x.shape) }))
define('Transpose', {}, (dy, _, { perm }) => {
  const inverse = (perm as number[]).map((_axis, i) => (perm as number[]).indexOf(i))
  return { x: () => transpose(dy, inverse) }
})
ofInput('Tile', (dy, x, { reps }) => {
  // [2, 3] tiled [4, 5] is [4, 2, 5, 3] with axes 0 and 2 repeated.
  const split = reshape(
    dy,
    x.shape.flatMap((n, i) => [(reps as number[])[i], n]),
  )
  return sum(
    split,
    x.shape.map((_, i) => 2 * i),
  )
})
ofInput('Slice', (dy, x, { begin, size }) => {
  const from = begin as number[]
  return pad(
    dy,
    from.map((start, i) => [start, x.shape[i] - start - resolved((size as number[])[i], x.shape[i], start)] as [number, number]),
  )
})
const resolved = (size: number, n: number, start: number): number => (size === -1 ? n - start : size)
ofInput('PadV2', (dy, x, { paddings }) =>
  slice(
    dy,
    (paddings as [number, number][]).map(([before]) => before),
    x.shape,
  ),
)
registerGradient({
  kernelName: 'Concat',
  saveAllInputs: true,
  gradFunc: (dy, saved, { axis }) => {
    const along = axesOf(axis, saved[0].rank)[0]
    const parts = split(
      dy as Tensor,
      saved.map((x) => x.shape[along]),
      along,
    )
    return Object.fromEntries(parts.map((part, i) => [i, () => part]))
  },
})
registerGradient({
  kernelName: 'SplitV',
  gradFunc: (dys, _, { axis }) => ({ x: () => concat(dys as Tensor[], axis as unknown as number) }),
})
registerGradient({
  kernelName: 'Pack',
  saveAllInputs: true,
  gradFunc: (dy, _, { axis }) => Object.fromEntries(unstack(dy as Tensor, axis as unknown as number).map((part, i) => [i, () => part])),
})
registerGradient({
  kernelName: 'Unpack',
  gradFunc: (dys, _, { axis }) => ({ value: () => stack(dys as Tensor[], axis as unknown as number) }),
})

/** Rows picked more than once get the sum. Only along axis 0: flatten the index for anything else. */
define('GatherV2', { inputsToSave: ['x', 'indices'] }, (dy, [x, indices], { axis }) => {
  if (axis !== 0) throw new Error(`gather along axis ${axis} has no gradient here; gather rows of a reshaped tensor`)
  return {
    x: () => unsortedSegmentSum(dy, indices as Parameters<typeof unsortedSegmentSum>[1], x.shape[0]),
    indices: () => zerosLike(indices),
  }
})
define('UnsortedSegmentSum', { inputsToSave: ['segmentIds'] }, (dy, [segmentIds]) => ({
  x: () => gather(dy, segmentIds as Parameters<typeof gather>[1]),
}))

// What arrives at the values goes to the places they came from; the indices have none.
registerGradient({
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, [x, index]) => ({ x: () => scatterAlong(index, (dys as Tensor[])[0], x.shape.at(-1) as number) }),
})

define('Select', { inputsToSave: ['condition'] }, (dy, [condition]) => ({
  condition: () => cast(zerosLike(condition), 'float32'),
  t: () => mul(dy, mask(condition)),
  e: () => mul(dy, sub(1, mask(condition))),
}))
define('Softmax', { outputsToSave: [true] }, (dy, [y], { dim }) => ({
  logits: () => {
    const weighted = mul(dy, y)
    return sub(weighted, mul(sum(weighted, [dim as number], true), y))
  },
}))
define('LogSoftmax', { outputsToSave: [true] }, (dy, [y], { axis }) => ({
  logits: () => sub(dy, mul(sum(dy, axis as number, true), exp(y))),
}))
