/**
 * Damage that files meet on their way, and damage that somebody means: flipped bits, lengths and offsets that lie, missing and doubled
 * pieces. The same seed gives the same damage.
 */
import { stepKey, wordsOf } from '#engine/compute/random/counter.ts'

/** Whole numbers below n, one after another. */
export type Draw = (n: number) => number

export function drawsOf(seed: number, site: string): Draw {
  const word = wordsOf(stepKey(seed, 0), site)
  let i = 0
  return (n) => Math.floor((word(i++) / 2 ** 32) * n)
}

/** Where headers lie most of the damage is worth most. */
const headerBytes = 2048
const mostAdded = 4096

/** Numbers that lengths, counts and offsets are turned into. */
const extremes = [0n, 1n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x7fffffffffffffffn, 0xffffffffffffffffn]
/** What text formats stumble over. */
const tokens = [
  '"',
  "'",
  ',',
  ';',
  '\t',
  '\n',
  '\r\n',
  '\0',
  '\u{feff}',
  '{',
  '[',
  '(',
  '}',
  '-1',
  '1e999',
  'NaN',
  '99999999999999',
  '../',
  '<!',
  '&#x0;',
]

type Mutation = (bytes: Uint8Array<ArrayBuffer>, draw: Draw) => Uint8Array<ArrayBuffer>

function place(length: number, draw: Draw): number {
  return draw(10) < 7 ? draw(Math.min(length, headerBytes)) : draw(length)
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const mutations: readonly Mutation[] = [
  function flipBit(bytes, draw) {
    bytes[place(bytes.length, draw)] ^= 1 << draw(8)
    return bytes
  },
  function setByte(bytes, draw) {
    bytes[place(bytes.length, draw)] = [0, 1, 0x7f, 0x80, 0xff, draw(256)][draw(6)]
    return bytes
  },
  function lieInANumber(bytes, draw) {
    const size = [1, 2, 4, 8][draw(4)]
    if (bytes.length < size) return bytes
    const at = place(bytes.length - size + 1, draw)
    const value = extremes[draw(extremes.length)]
    const little = draw(2) === 0
    for (let i = 0; i < size; i++) bytes[at + (little ? i : size - 1 - i)] = Number((value >> BigInt(8 * i)) & 0xffn)
    return bytes
  },
  function cutOff(bytes, draw) {
    return bytes.slice(0, draw(bytes.length))
  },
  function removePiece(bytes, draw) {
    const from = place(bytes.length, draw)
    return joined(bytes.subarray(0, from), bytes.subarray(Math.min(bytes.length, from + 1 + draw(64))))
  },
  function doublePiece(bytes, draw) {
    const from = place(bytes.length, draw)
    const to = Math.min(bytes.length, from + 1 + draw(mostAdded))
    return joined(bytes.subarray(0, to), bytes.subarray(from))
  },
  function movePiece(bytes, draw) {
    const [from, to] = [draw(bytes.length), place(bytes.length, draw)]
    bytes.copyWithin(to, from, from + 1 + draw(256))
    return bytes
  },
  function insertToken(bytes, draw) {
    const at = place(bytes.length, draw)
    return joined(bytes.subarray(0, at), new TextEncoder().encode(tokens[draw(tokens.length)]), bytes.subarray(at))
  },
  function changeDigits(bytes, draw) {
    // Text headers say sizes in digits.
    const start = place(bytes.length, draw)
    let at = start
    while (at < bytes.length && (bytes[at] < 0x30 || bytes[at] > 0x39)) at++
    for (; at < bytes.length && bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) bytes[at] = 0x30 + (draw(2) ? 9 : draw(10))
    return bytes
  },
]

/** One to four mutations of a copy. */
export function mutated(original: Uint8Array, draw: Draw): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(original)
  for (let count = 1 + draw(4); count > 0 && bytes.length > 0; count--) bytes = mutations[draw(mutations.length)](bytes, draw)
  return bytes
}
