/**
 * Majority filter of a class map that comes in rows: each pixel gets the most frequent class of the window around it.
 *
 * Class 0 is nodata: it never votes and stays 0. At the edge of the map the window holds fewer pixels. Among equally
 * frequent classes the pixel keeps its own if that is one of them, otherwise it gets the smallest id.
 *
 * Memory: window rows and 128 KB of counts, whatever the size of the map. Cost: 2 × window counts per pixel; the
 * classes of a window are compared only where the pixel's own class has no absolute majority.
 */
export type MajorityWindow = 3 | 5 | 7 | 9

export interface MajorityFilter {
  /** Takes the next whole rows (of `width` pixels); returns the filtered rows that are complete, possibly none. */
  push(rows: Uint16Array): Uint16Array
  /** The rest, once every row has come. */
  flush(): Uint16Array
}

export function createMajorityFilter(width: number, height: number, window: MajorityWindow): MajorityFilter {
  if (![3, 5, 7, 9].includes(window)) throw new RangeError(`expected a window of 3, 5, 7 or 9 pixels, found ${window}`)
  const radius = (window - 1) / 2
  const area = window * window
  // The last `window` rows, column by column: the order inside a column does not matter to a vote, and a column that enters the
  // window is one stretch of memory. Nodata pads the map on every side, so edges need no other care.
  const columns = new Uint16Array((width + 2 * radius) * window)
  const counts = new Uint16Array(65_536)
  let largestId = 0
  let received = 0
  let finished = 0

  /** Puts the next row in place of the oldest; null is a row of nodata beyond the map. */
  function advance(row: Uint16Array | null): void {
    for (let x = 0, at = radius * window + (received % window); x < width; x++, at += window) {
      const id = row ? row[x] : 0
      columns[at] = id
      if (id > largestId) largestId = id
    }
    received++
  }

  function filterRow(out: Uint16Array, to: number): void {
    const centreSlot = (received - 1 - radius) % window
    const ahead = (window - 1) * window
    for (let at = 0; at < ahead; at++) counts[columns[at]]++
    for (let x = 0, at = 0; x < width; x++, at += window) {
      for (let i = at + ahead; i < at + ahead + window; i++) counts[columns[i]]++
      const own = columns[at + radius * window + centreSlot]
      if (own !== 0) out[to + x] = 2 * counts[own] >= area - counts[0] ? own : mostFrequent(at, own)
      for (let i = at; i < at + window; i++) counts[columns[i]]--
    }
    for (let at = width * window; at < width * window + ahead; at++) counts[columns[at]]--
  }

  /** Whichever is shorter: the classes there are, or the pixels of the window that starts at `at`. */
  function mostFrequent(at: number, own: number): number {
    let best = own
    if (largestId <= area) {
      for (let id = 1; id <= largestId; id++) if (counts[id] > counts[best]) best = id
      return best
    }
    for (let i = at; i < at + area; i++) {
      const id = columns[i]
      if (id !== 0 && (counts[id] > counts[best] || (counts[id] === counts[best] && best !== own && id < best))) best = id
    }
    return best
  }

  function take(rows: number, rowAt: (i: number) => Uint16Array | null): Uint16Array {
    const out = new Uint16Array(Math.max(0, Math.min(height, received + rows - radius) - finished) * width)
    let at = 0
    for (let i = 0; i < rows; i++) {
      advance(rowAt(i))
      if (received <= radius) continue
      filterRow(out, at)
      at += width
      finished++
    }
    return out
  }

  return {
    push(rows) {
      const n = rows.length / width
      if (!Number.isInteger(n)) throw new RangeError(`expected whole rows of ${width} pixels, found ${rows.length} pixels`)
      if (received + n > height) throw new RangeError(`expected ${height} rows, found more`)
      return take(n, (i) => rows.subarray(i * width, (i + 1) * width))
    },
    flush() {
      if (received !== height) throw new RangeError(`expected ${height} rows, found ${received}`)
      return take(radius, () => null)
    },
  }
}

/** A whole map at once. */
export function majorityFilter(labels: Uint16Array, width: number, height: number, window: MajorityWindow): Uint16Array {
  const filter = createMajorityFilter(width, height, window)
  const out = new Uint16Array(labels.length)
  const first = filter.push(labels)
  out.set(first)
  out.set(filter.flush(), first.length)
  return out
}
