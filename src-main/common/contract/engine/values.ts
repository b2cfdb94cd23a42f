/** Types that many calls have: numbers that travel as typed arrays, and a window of a raster. */
import { z } from 'zod'

export const id = z.int().positive()
export const none = z.object({})
/** A typed array as it is; z.instanceof would narrow its buffer type. */
const typed = <T>(type: new (n: number) => T) => z.custom<T>((value) => value instanceof type)
export const float32 = typed<Float32Array>(Float32Array)
export const float64 = typed<Float64Array>(Float64Array)
export const uint16 = typed<Uint16Array>(Uint16Array)
export const uint8 = typed<Uint8Array>(Uint8Array)
export const int32 = typed<Int32Array>(Int32Array)

/** Which part of a long list. */
export const page = (usual: number, most: number) => ({
  offset: z.int().nonnegative().default(0),
  limit: z.int().positive().max(most).default(usual),
})

/** Which rows of a table, and how many of its columns. */
export const tablePage = {
  offset: z.int().nonnegative(),
  limit: z.int().positive().max(500),
  columns: z.int().positive().max(200).default(60),
}
/** Rows of a table as shown: numbers, text, null for missing. */
export const tableRows = z.array(z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])))

/** A window of a raster in pixels of the full grid, and the size wanted back (nearest neighbour, or overviews where there are). */
export const RasterWindow = z.object({
  x: z.int().nonnegative(),
  y: z.int().nonnegative(),
  width: z.int().positive(),
  height: z.int().positive(),
  outWidth: z.int().positive().max(4096),
  outHeight: z.int().positive().max(4096),
})
export type RasterWindow = z.output<typeof RasterWindow>
