/** The part of Esri's decoder that is used here; the package brings no types. */
declare module 'lerc' {
  type LercValues = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array
  interface LercBlock {
    /** One array of all values, or one per band when the bands mask different pixels. */
    readonly pixels: readonly LercValues[]
    /** Per pixel, 0 = not valid. */
    readonly mask: Uint8Array | null
  }
  const Lerc: { decode(buffer: ArrayBuffer, options: { returnPixelInterleavedDims: boolean }): LercBlock }
  export default Lerc
}
