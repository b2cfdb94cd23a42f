/** Rows in groups with normal spread 1, far apart or not, in turn: row i belongs to group i mod `count`. */
import { randomStream } from '../../src-main/engine/analysis/random.ts'

/** @param apart standard deviation of the groups' centres */
export function groups(n: number, d: number, count: number, apart: number, seed = 1): Float32Array {
  const random = randomStream(seed, 'groups')
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
  const centres = Float64Array.from({ length: count * d }, () => normal() * apart)
  return Float32Array.from({ length: n * d }, (_, at) => centres[(Math.floor(at / d) % count) * d + (at % d)] + normal())
}
