/** Gradients of kernels that treat every element by itself. */
import {
  add,
  clone,
  cos,
  cosh,
  div,
  exp,
  fill,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  logicalAnd,
  minimum,
  mul,
  neg,
  onesLike,
  pow,
  registerGradient,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core'
import { binary, define, mask, ofInput, ofOutput, unbroadcast } from './define.ts'

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
// b² is left out of the second: it may be beyond float32 where the gradient is not.
binary(
  'RealDiv',
  (dy, _, b) => div(dy, b),
  (dy, a, b) => neg(mul(dy, div(div(a, b), b))),
)
binary(
  'Mod',
  (dy) => dy,
  (dy, a, b) => neg(mul(dy, floor(div(a, b)))),
)
binary(
  'SquaredDifference',
  (dy, a, b) => mul(dy, mul(2, sub(a, b))),
  (dy, a, b) => mul(dy, mul(-2, sub(a, b))),
)
binary(
  'Maximum',
  (dy, a, b) => mul(dy, mask(greaterEqual(a, b))),
  (dy, a, b) => mul(dy, mask(less(a, b))),
)
binary(
  'Minimum',
  (dy, a, b) => mul(dy, mask(lessEqual(a, b))),
  (dy, a, b) => mul(dy, mask(greater(a, b))),
)
define('Pow', { inputsToSave: ['a', 'b'], outputsToSave: [true] }, (dy, [a, b, y]) => ({
  a: () => unbroadcast(mul(dy, mul(b, pow(a, sub(b, 1)))), a),
  b: () => unbroadcast(mul(dy, mul(y, where(greater(a, 0), log(a), zerosLike(a)))), b),
}))
registerGradient({
  kernelName: 'AddN',
  saveAllInputs: true,
  gradFunc: (dy, saved) => Object.fromEntries(saved.map((_, i) => [i, () => clone(dy as Tensor)])),
})

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
ofInput('Asin', (dy, x) => div(dy, sqrt(sub(1, square(x)))))
ofInput('Acos', (dy, x) => neg(div(dy, sqrt(sub(1, square(x))))))
ofInput('Atan', (dy, x) => div(dy, add(1, square(x))))
ofInput('Sinh', (dy, x) => mul(dy, cosh(x)))
ofInput('Cosh', (dy, x) => mul(dy, sinh(x)))
ofInput('Asinh', (dy, x) => div(dy, sqrt(add(1, square(x)))))
ofInput('Acosh', (dy, x) => div(dy, sqrt(sub(square(x), 1))))
ofInput('Atanh', (dy, x) => div(dy, sub(1, square(x))))
ofInput('Erf', (dy, x) => mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))))
ofInput('Softplus', (dy, x) => mul(dy, sigmoid(x)))
ofInput('Rsqrt', (dy, x) => mul(dy, div(-0.5, mul(x, sqrt(x)))))
ofInput('Reciprocal', (dy, x) => neg(div(dy, square(x))))
ofInput('LeakyRelu', (dy, x, { alpha }) => mul(dy, where(greater(x, 0), fill(x.shape, 1), fill(x.shape, alpha as number))))
ofInput('ClipByValue', (dy, x, { clipValueMin, clipValueMax }) =>
  mul(dy, mask(logicalAnd(greaterEqual(x, clipValueMin as number), lessEqual(x, clipValueMax as number)))),
)
define('Prelu', { inputsToSave: ['x', 'alpha'] }, (dy, [x, alpha]) => ({
  x: () => mul(dy, where(greater(x, 0), onesLike(x), alpha)),
  alpha: () => unbroadcast(mul(dy, minimum(x, 0)), alpha),
}))
ofOutput('Exp', (dy, y) => mul(dy, y))
ofOutput('Expm1', (dy, y) => mul(dy, add(y, 1)))
ofOutput('Sqrt', (dy, y) => div(mul(0.5, dy), y))
ofOutput('Tan', (dy, y) => mul(dy, add(1, square(y))))
ofOutput('Sigmoid', (dy, y) => mul(dy, mul(y, sub(1, y))))
ofOutput('Tanh', (dy, y) => mul(dy, sub(1, square(y))))
ofOutput('Relu', (dy, y) => where(greater(y, 0), dy, zerosLike(dy)))
ofOutput('Relu6', (dy, y) => mul(dy, mask(logicalAnd(greater(y, 0), less(y, 6)))))
// 1 above zero, y + 1 = eˣ below.
ofOutput('Elu', (dy, y) => mul(dy, add(minimum(y, 0), 1)))
const selu = { alpha: 1.6732632423543772, scale: 1.0507009873554805 }
ofOutput('Selu', (dy, y) => mul(dy, where(greater(y, 0), fill(y.shape, selu.scale), add(y, selu.scale * selu.alpha))))

define('Select', { inputsToSave: ['condition'] }, (dy, [condition]) => ({
  condition: () => zerosLike(dy),
  t: () => where(condition, dy, zerosLike(dy)),
  e: () => where(condition, zerosLike(dy), dy),
}))

// Steps: flat where they have a gradient at all.
for (const kernelName of ['Step', 'Sign', 'Floor', 'Ceil', 'Round', 'ZerosLike', 'OnesLike']) ofInput(kernelName, (dy) => zerosLike(dy))
for (const kernelName of ['Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual', 'FloorDiv'])
  binary(
    kernelName,
    (_, a) => zerosLike(a),
    (_, __, b) => zerosLike(b),
  )
