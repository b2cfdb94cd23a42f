/**
 * Which rows of a long table are drawn, between two spacers. An element can only be some 33 million pixels high, which is a million rows:
 * of longer tables a pixel of scrolling stands for several rows, so that every one can be reached.
 */
interface DrawnRows {
  readonly first: number
  readonly last: number
  /** Heights of the spacers, in px. */
  readonly before: number
  readonly after: number
}

interface Table {
  readonly total: number
  readonly rowHeight: number
  /** Of what is in sight, in px. */
  readonly height: number
}

const highest = 16e6
/** Rows drawn beyond those in sight, above and below. */
const beyond = 10

export function drawnRows({ total, rowHeight, height, scrollTop }: Table & { readonly scrollTop: number }): DrawnRows {
  const full = Math.min(highest, total * rowHeight)
  const inSight = Math.ceil(height / rowHeight)
  const top = Math.floor(rowAt({ total, rowHeight, height }, scrollTop))
  const first = Math.max(0, Math.min(top, total - inSight) - beyond)
  const last = Math.min(total, first + inSight + 2 * beyond)
  const drawn = (last - first) * rowHeight
  const before =
    total * rowHeight <= highest ? first * rowHeight : Math.min(full - drawn, Math.max(0, scrollTop - (top - first) * rowHeight))
  return { first, last, before: Math.max(0, before), after: Math.max(0, full - before - drawn) }
}

/** Where to scroll so that a row is in sight; null where it is already. Room for the head is left above. */
export function scrollTo(table: Table & { readonly scrollTop: number; readonly head: number }, row: number): number | null {
  const { total, rowHeight, height, head, scrollTop } = table
  const top = rowAt(table, scrollTop)
  const inSight = (height - head) / rowHeight
  if (row >= top && row + 1 <= top + inSight) return null
  const wanted = row < top ? row : row + 1 - inSight
  const full = Math.min(highest, total * rowHeight)
  return total * rowHeight <= highest ? wanted * rowHeight : (wanted / Math.max(1, total - height / rowHeight)) * (full - height)
}

/** The row at the upper edge. */
function rowAt({ total, rowHeight, height }: Table, scrollTop: number): number {
  if (total * rowHeight <= highest) return scrollTop / rowHeight
  return (scrollTop / (highest - height)) * (total - height / rowHeight)
}
