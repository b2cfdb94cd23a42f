/**
 * Shared memory is held by every thread that saw it, and the collector of garbage does not count it: what nobody uses any more would stay,
 * gigabytes of it, until something else fills the heap. So it is looked for once threads have ended.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export const sharedFloats = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * count))
export const sharedInts = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count))

type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

const isNumbers = (value: unknown): value is Numbers => ArrayBuffer.isView(value) && !(value instanceof DataView)

/** Numbers, or a plain object of them however deep, where threads can read them: copies, unless they are there already. */
export function inSharedMemory<T extends object>(value: T): T {
  if (isNumbers(value)) return value.buffer instanceof SharedArrayBuffer ? value : (copied(value) as Numbers & T)
  const parts = Object.entries(value).map(([name, part]: [string, unknown]) => [
    name,
    typeof part === 'object' && part !== null ? inSharedMemory(part) : part,
  ])
  return Object.fromEntries(parts) as T
}

function copied(values: Numbers): Numbers {
  const Copy = values.constructor as new (buffer: SharedArrayBuffer) => Numbers
  const copy = new Copy(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}

/** Until whoever asked for the work has let go of it, too. */
const afterMs = 100

let collect: (() => void) | null = null
let timer: NodeJS.Timeout | null = null

/** Soon and once, however often it is asked for; some hundredths of a second. */
export function freeSharedMemory(): void {
  if (timer) return
  timer = setTimeout(() => {
    timer = null
    collect ??= collector()
    collect()
  }, afterMs).unref()
}

/** Where the runtime has none, memory is freed later. */
function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('typeof gc === "function" ? gc : null')
  return typeof gc === 'function' ? () => gc() : () => undefined
}
