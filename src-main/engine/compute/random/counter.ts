/**
 * The one random generator: counter-based, so a draw depends only on (seed, step, site, position) and never on what was drawn
 * before. A run resumed at step n draws what an uninterrupted one would, on any thread and in any order.
 *
 *   mix         lowbias32 (Wellons 2018), a bijection of 32-bit words in which every input bit moves every output bit
 *   key         mix(mix(seed) + step), 31 bits so that it survives an int32 tensor
 *   bits(i)     mix(mix(i + mix(key + hash(site))) + key)
 *   uniform(i)  the upper 24 bits · 2⁻²⁴, in [0, 1): exact in float32, the same in JavaScript and in ONNX
 *   normal      √(−2 ln(1 − u)) · cos 2πv  with u, v from two sites (Box & Muller 1958)
 */
export function mix(x: number): number {
  let h = x | 0
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return (h ^ (h >>> 16)) >>> 0
}

/** FNV-1a of a site's name. */
export function siteHash(site: string): number {
  let h = 0x811c9dc5
  for (const character of site) h = Math.imul(h ^ (character.codePointAt(0) as number), 0x01000193)
  return h >>> 0
}

/** The key of one step of one seeded run. */
export const stepKey = (seed: number, step: number): number => mix(mix(seed) + step) >>> 1

/** Random 32-bit words of a site: `word(i)` for i = 0, 1, … */
export function wordsOf(key: number, site: string): (i: number) => number {
  const base = mix(key + siteHash(site))
  return (i) => mix(mix(i + base) + key)
}

/** Uniform numbers of a site in [0, 1). */
export function uniformsOf(key: number, site: string): (i: number) => number {
  const word = wordsOf(key, site)
  return (i) => (word(i) >>> 8) * 2 ** -24
}

/** Normal numbers of a site, mean 0, variance 1. */
export function normalsOf(key: number, site: string): (i: number) => number {
  const u = uniformsOf(key, `${site}/radius`)
  const v = uniformsOf(key, `${site}/angle`)
  return (i) => Math.sqrt(-2 * Math.log(1 - u(i))) * Math.cos(2 * Math.PI * v(i))
}

/** 0 … n−1 in random order (Fisher & Yates). Memory: 4 n bytes. */
export function permutation(n: number, seed: number, site: string): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  const word = wordsOf(stepKey(seed, 0), site)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((word(i) / 2 ** 32) * (i + 1))
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  return order
}
