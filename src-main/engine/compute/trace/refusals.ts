/** What a step may not do, and what to do instead: the model's author reads it. */

/** Thrown by the tracing backend; `op` is the operation of TensorFlow.js it happened in, if it is known. */
export class Untraceable extends Error {
  readonly op: string | null

  constructor(op: string | null, message: string, cause?: unknown) {
    super(message, { cause })
    this.op = op
  }
}

const noise = 'take the noise that the step is given'
const noComplex = 'there are no complex numbers; write out real and imaginary part'
const dependsOnValues = 'the shape of its result depends on values, and a program has fixed shapes'

/** Kernels of TensorFlow.js that are deliberately not here. */
const insteadOf: Readonly<Record<string, string>> = {
  Atan2: 'the runtime has none; use atan(y / x) and choose the quadrant with where',
  Cumprod: 'the runtime has none; use exp(cumsum(log(x))) of positive numbers',
  Einsum: 'write it with matMul, transpose and reshape',
  Multinomial: `it draws on the host; ${noise} and compare it with cumsum of the probabilities`,
  BroadcastArgs: 'shapes are known while tracing; compute them in JavaScript',
  Complex: noComplex,
  ComplexAbs: noComplex,
  Real: noComplex,
  Imag: noComplex,
  FFT: noComplex,
  IFFT: noComplex,
  Unique: dependsOnValues,
  Bincount: dependsOnValues,
  DenseBincount: dependsOnValues,
  NonMaxSuppressionV3: dependsOnValues,
  NonMaxSuppressionV4: dependsOnValues,
  NonMaxSuppressionV5: dependsOnValues,
  SparseToDense: 'use scatterND',
  TensorScatterUpdate: 'use scatterND and where',
  ResizeBilinear: 'use resizeNearestNeighbor, or a transposed convolution',
  MaxPoolWithArgmax: 'use maxPool, whose gradient knows the places',
}

const notCompiled = (op: string): string =>
  `the operation ${op} cannot be compiled${insteadOf[op] ? `: ${insteadOf[op]}` : '; write it with those of compute/trace/kernels'}`

/** Operations that draw numbers in JavaScript, by the name of their scope. */
const drawing = /^(rand|random[A-Z]\w*|truncatedNormal|multinomial|dropout)__op$/

/** The outermost operation among the open scopes that draws on the host. Scopes are named by keys of objects, which survive minifying. */
export function drawingAmong(scopes: readonly { readonly name: string }[]): string | null {
  const scope = scopes.find(({ name }) => drawing.test(name))
  return scope ? scope.name.replace('__op', '') : null
}

export const drawnOnHost = (op: string): string =>
  `${op} draws its numbers in JavaScript, once, and every step would see the same; ${noise} (noise.uniform, noise.normal)`

/** What TensorFlow.js's own complaints mean here. */
export function explain(problem: string): Untraceable {
  const missing = /Kernel '(\w+)' not registered/.exec(problem)?.[1]
  if (missing) return new Untraceable(missing, notCompiled(missing))
  const flat = /gradient function not found for (\w+)/.exec(problem)?.[1]
  if (flat) return new Untraceable(flat, `the operation ${flat} has no gradient; keep it off the path with stopGradient, or give it one`)
  return new Untraceable(null, problem.replace(/\.$/, ''))
}
