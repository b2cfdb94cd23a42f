/**
 * The one random generator: counter-based, so a draw depends only on (seed, step, site, position) and never on what was drawn
 * before. A run resumed at step n draws what an uninterrupted one would, on any thread and in any order.
 *
 *   mix          lowbias32 (Wellons 2018), a bijection of 32-bit words in which every input bit moves every output bit
 *   key          mix(mix(seed) + step), 31 bits so that it survives an int32 tensor
 *   x y z        key · aⱼ + bⱼ with six words of the site, y and z odd
 *   word(i)      c · fold(q_z(fold(q_y(i · g + x))))     q_k(h) = h (2h + k),  fold(h) = h + ⌊h / 2¹⁵⌋,  all modulo 2³²
 *   uniform(i)   the upper 24 bits · 2⁻²⁴, in [0, 1)
 *   normal(i)    Φ⁻¹ of the middle of that uniform's interval, see normal.ts
 *
 * A word takes multiplications, additions and divisions only, because graphics cards under ONNX Runtime have no others for
 * unsigned integers; the quadratic steps (Rivest's of RC6, 1998; in a generator Widynski's "Squares", 2020) do what xor usually
 * does, which is not to commute with addition. They are bijections of 32-bit words for odd k. JavaScript, the processor and a
 * graphics card draw the same uniforms bit for bit.
 */
import { normalOf } from './normal.ts'

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

/** g is 2³² divided by the golden ratio, c the last factor of lowbias32, the fold moves the upper bits down by 15. */
export const constants = { g: 0x9e3779b1, c: 0x846ca68b, foldBy: 2 ** 15 } as const

/** How the three words of a key and a site follow from the key: factor and summand of each. */
export function siteWords(site: string): Readonly<Record<'x' | 'y' | 'z', { factor: number; summand: number }>> {
  let h = siteHash(site)
  const next = (): number => {
    h = mix(h + 1)
    return h
  }
  return {
    x: { factor: next() | 1, summand: next() },
    y: { factor: next() << 1, summand: next() | 1 },
    z: { factor: next() << 1, summand: next() | 1 },
  }
}

/** Random 32-bit words of a site: `word(i)` for i = 0, 1, … */
export function wordsOf(key: number, site: string): (i: number) => number {
  const words = siteWords(site)
  const [x, y, z] = [words.x, words.y, words.z].map(({ factor, summand }) => (Math.imul(key, factor) + summand) | 0)
  return (i) => {
    let h = (Math.imul(i, constants.g) + x) | 0
    h = Math.imul(h, h + h + y)
    h = (h + (h >>> 15)) | 0
    h = Math.imul(h, h + h + z)
    h = (h + (h >>> 15)) | 0
    return Math.imul(h, constants.c) >>> 0
  }
}

/** Uniform numbers of a site in [0, 1). */
export function uniformsOf(key: number, site: string): (i: number) => number {
  const word = wordsOf(key, site)
  return (i) => (word(i) >>> 8) * 2 ** -24
}

/** Normal numbers of a site, mean 0, variance 1, at most 5.4 from it. */
export function normalsOf(key: number, site: string): (i: number) => number {
  const uniform = uniformsOf(key, site)
  return (i) => normalOf(uniform(i))
}

/** 0 … n−1 in random order (Fisher & Yates). Memory: 4 n bytes. */
export function permutation(n: number, seed: number, site: string): Int32Array {
  const order = new Int32Array(n)
  for (let i = 0; i < n; i++) order[i] = i
  const word = wordsOf(stepKey(seed, 0), site)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((word(i) / 2 ** 32) * (i + 1))
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  return order
}
