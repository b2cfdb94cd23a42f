/** How gradients are written down. Letters: y = f(x), dy the gradient that arrives at y; each line returns what arrives at the inputs. */
import { cast, clone, type GradConfig, registerGradient, reshape, sum, type Tensor } from '@tensorflow/tfjs-core'

export type Attrs = Readonly<Record<string, unknown>>
type InputGradients = Record<string, () => Tensor>

/** Sums dy over the axes along which x was repeated. */
export function unbroadcast(dy: Tensor, { shape }: Tensor): Tensor {
  const lead = dy.rank - shape.length
  const axes = dy.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length ? reshape(sum(dy, axes), shape) : dy
}

/** The tape disposes what it has added up, so dy itself must not be handed on, to two inputs perhaps: a handle of its own is. */
const own = (gradients: InputGradients, dy: Tensor): InputGradients =>
  Object.fromEntries(
    Object.entries(gradients).map(([name, of]) => [
      name,
      () => {
        const dx = of()
        return dx === dy ? clone(dy) : dx
      },
    ]),
  )

export function define(
  kernelName: string,
  config: Omit<GradConfig, 'kernelName' | 'gradFunc'>,
  gradFunc: (dy: Tensor, saved: readonly Tensor[], attrs: Attrs) => InputGradients,
): void {
  registerGradient({ kernelName, ...config, gradFunc: (dy, saved, attrs) => own(gradFunc(dy as Tensor, saved, attrs), dy as Tensor) })
}

/** y = f(a, b), elementwise: what arrives before the repeated axes are summed. */
export function binary(
  kernelName: string,
  a: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
  b: (dy: Tensor, a: Tensor, b: Tensor) => Tensor,
): void {
  define(kernelName, { inputsToSave: ['a', 'b'] }, (dy, [x, y]) => ({
    a: () => unbroadcast(a(dy, x, y), x),
    b: () => unbroadcast(b(dy, x, y), y),
  }))
}

/** y = f(x) by x. */
export function ofInput(kernelName: string, dx: (dy: Tensor, x: Tensor, attrs: Attrs) => Tensor): void {
  define(kernelName, { inputsToSave: ['x'] }, (dy, [x], attrs) => ({ x: () => dx(dy, x, attrs) }))
}

/** y = f(x) by y. */
export function ofOutput(kernelName: string, dx: (dy: Tensor, y: Tensor, attrs: Attrs) => Tensor): void {
  define(kernelName, { outputsToSave: [true] }, (dy, [y], attrs) => ({ x: () => dx(dy, y, attrs) }))
}

export const mask = (condition: Tensor): Tensor => cast(condition, 'float32')

/** The axes meant, counted from the front; none given means all. */
export const axesOf = (axis: unknown, rank: number): number[] => {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i)
  return [axis as number | number[]].flat().map((i) => (i < 0 ? i + rank : i))
}
