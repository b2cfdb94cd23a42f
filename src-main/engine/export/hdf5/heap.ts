/**
 * Global heaps: blocks in the file that hold texts of any length; an array of texts holds references to them.
 * A reference is the length of the text (u32), the address of its heap (u64) and its number there (u32, from 1).
 */
import { ByteWriter } from './bytes.ts'

const encoder = new TextEncoder()
/** Less is not allowed. */
const smallestHeap = 4096
/** A heap is read as one; it is closed when it has so many bytes. */
const usualHeap = 65_536
const mostObjects = 65_535
const headBytes = 16

/** Writes texts into heaps. @returns their references, 16 bytes each. Memory: the texts as bytes. */
export async function writeTexts(texts: readonly string[], append: (heap: Uint8Array) => Promise<number>): Promise<Uint8Array> {
  const references = new DataView(new ArrayBuffer(16 * texts.length))
  /** Where in `references` the texts of the open heap are told. */
  let waiting: number[] = []
  let heap = new ByteWriter()
  async function close(): Promise<void> {
    if (waiting.length === 0) return
    const address = await append(heapOf(heap.done()))
    for (const [n, i] of waiting.entries()) {
      references.setBigUint64(16 * i + 4, BigInt(address), true)
      references.setUint32(16 * i + 12, n + 1, true)
    }
    waiting = []
    heap = new ByteWriter()
  }
  for (const [i, text] of texts.entries()) {
    const bytes = encoder.encode(text)
    references.setUint32(16 * i, bytes.length, true)
    // A text without letters has no place.
    if (bytes.length === 0) continue
    waiting.push(i)
    heap
      .u16(waiting.length)
      .zeros(6)
      .u64(bytes.length)
      .bytes(bytes)
      .zeros(-bytes.length & 7)
    if (heap.size > usualHeap || waiting.length === mostObjects) await close()
  }
  await close()
  return new Uint8Array(references.buffer)
}

function heapOf(objects: Uint8Array): Uint8Array {
  const used = headBytes + objects.length
  // What is left is an object with the number 0, whose size counts its own head.
  const free = used < smallestHeap ? Math.max(smallestHeap - used, headBytes) : 0
  const heap = new ByteWriter()
  heap
    .ascii('GCOL')
    .u8(1, 0, 0, 0)
    .u64(used + free)
    .bytes(objects)
  if (free > 0)
    heap
      .zeros(8)
      .u64(free)
      .zeros(free - headBytes)
  return heap.done()
}
