/**
 * The 95 % interval of a share k of n rows that are independent of each other (Wilson, JASA 22, 1927; Brown, Cai & DasGupta, Statistical
 * Science 16, 2001). All of a few rows, or none, are no certainty, where samples of those very rows would never differ:
 *
 *   ( p + z²/2n ± z √( p (1 − p) / n + z²/4n² ) ) / (1 + z²/n)      p = k / n, z = Φ⁻¹(0.975)
 */
import type { Range } from './bootstrap/percentile.ts'

const z = 1.959963984540054

/** Null of no rows. */
export function wilsonInterval(k: number, n: number): Range | null {
  if (!(n > 0)) return null
  const p = k / n
  const square = (z * z) / n
  const half = z * Math.sqrt((p * (1 - p)) / n + square / n / 4)
  const within = (value: number): number => Math.min(1, Math.max(0, value / (1 + square)))
  return [k === 0 ? 0 : within(p + square / 2 - half), k === n ? 1 : within(p + square / 2 + half)]
}
