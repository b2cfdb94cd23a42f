/** Which pixels of a scene a small picture of it shows. */

/** As many as one call reads. */
const mostPixels = 90_000

export interface PictureGrid {
  readonly columns: number
  readonly rows: number
}

/** The largest picture of the same shape within the bound; a small scene as it is. */
export function pictureGrid(width: number, height: number): PictureGrid {
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)))
  return { columns: Math.max(1, Math.floor(width * scale)), rows: Math.max(1, Math.floor(height * scale)) }
}

/** Row numbers of its pixels, line by line: the middle of each cell. */
export function pictureRows(width: number, height: number): Float64Array {
  const { columns, rows } = pictureGrid(width, height)
  const out = new Float64Array(columns * rows)
  for (let y = 0, i = 0; y < rows; y++) {
    const line = Math.floor(((y + 0.5) * height) / rows) * width
    for (let x = 0; x < columns; x++, i++) out[i] = line + Math.floor(((x + 0.5) * width) / columns)
  }
  return out
}
