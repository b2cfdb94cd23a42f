/** Weights whose rows have length one: without it a sparse code shrinks and the way back grows, and the pull to zero means nothing. */
import { div, maximum, mul, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core'

const dot = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), -1, true)

/** What of the gradient would change the rows' lengths is taken out: g − (g · w) w. θ [rows, D] of unit rows. */
export const alongSphere = (gradient: Tensor, theta: Tensor): Tensor => sub(gradient, mul(dot(gradient, theta), theta))

/** Rows divided by their lengths; a row of zeros stays. */
export const toUnitRows = (theta: Tensor): Tensor => div(theta, maximum(sqrt(sum(square(theta), -1, true)), 1e-12))
