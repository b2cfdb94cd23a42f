/**
 * The gradient of every kernel that models use, written once; eager and compiled runs share it.
 *
 * (tfjs-core's Node bundle brings none, and those in its sources multiply by full-size tensors of ones.)
 */
import './gradients/elementwise.ts'
import './gradients/reductions.ts'
import './gradients/movement.ts'
import './gradients/indexing.ts'
import './gradients/products.ts'
import './gradients/convolution.ts'
