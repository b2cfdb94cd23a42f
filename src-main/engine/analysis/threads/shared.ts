/** Numbers where threads can read them. */
type Typed = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array

const isTyped = (value: unknown): value is Typed => ArrayBuffer.isView(value) && !(value instanceof DataView)

/** A plain object whose arrays of numbers, however deep, lie in shared memory: copies, unless they are there already. */
export function withSharedArrays<T extends object>(value: T): T {
  if (isTyped(value)) return value.buffer instanceof SharedArrayBuffer ? value : (copied(value) as Typed & T)
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      typeof part === 'object' && part !== null ? withSharedArrays(part as object) : part,
    ]),
  ) as T
}

function copied(values: Typed): Typed {
  const Copy = values.constructor as new (buffer: SharedArrayBuffer) => Typed
  const copy = new Copy(new SharedArrayBuffer(values.byteLength))
  copy.set(values)
  return copy
}
