/**
 * Majority filter of a class map that comes in rows: each pixel gets the most frequent class of the window around it.
 *
 * Class 0 is nodata: it never votes and stays 0. At the edge of the map the window holds fewer pixels. Among equally
 * frequent classes the pixel keeps its own if that is one of them, otherwise it gets the smallest id.
 *
 * Memory: 2 × window rows and 128 KB of counts, whatever the size of the map. Cost: 2 × window counts per pixel; the
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
  // Rows are padded with nodata on either side, and so is the map above and below: edges need no other care.
  const stride = width + 2 * radius
  const ring = new Uint16Array(window * stride)
  const lines: Uint16Array[] = Array.from({ length: window }, (_, i) => ring.subarray(i * stride, (i + 1) * stride))
  const counts = new Uint16Array(65_536)
  let received = 0
  let finished = 0

  /** Makes the oldest line the newest; `row` null is a line of nodata beyond the map. */
  function advance(row: Uint16Array | null): void {
    const line = lines.shift() as Uint16Array
    if (row) line.set(row, radius)
    else line.fill(0)
    lines.push(line)
  }

  function filterLine(out: Uint16Array, at: number): void {
    const centre = lines[radius]
    for (let column = 0; column < window - 1; column++) {
      for (let i = 0; i < window; i++) counts[lines[i][column]]++
    }
    for (let x = 0; x < width; x++) {
      const entering = x + window - 1
      let voters = 0
      for (let i = 0; i < window; i++) counts[lines[i][entering]]++
      const own = centre[x + radius]
      if (own !== 0) {
        voters = window * window - counts[0]
        out[at + x] = 2 * counts[own] >= voters ? own : mostFrequent(x, own)
      }
      for (let i = 0; i < window; i++) counts[lines[i][x]]--
    }
    for (let column = width; column < width + window - 1; column++) {
      for (let i = 0; i < window; i++) counts[lines[i][column]]--
    }
  }

  function mostFrequent(x: number, own: number): number {
    let best = own
    let bestCount = counts[own]
    for (let i = 0; i < window; i++) {
      const line = lines[i]
      for (let column = x; column < x + window; column++) {
        const id = line[column]
        const count = counts[id]
        if (id === 0 || count < bestCount || id === best) continue
        if (count > bestCount || (best !== own && id < best)) {
          best = id
          bestCount = count
        }
      }
    }
    return best
  }

  function take(rows: number, rowAt: (i: number) => Uint16Array | null): Uint16Array {
    const out = new Uint16Array(Math.max(0, Math.min(height, received + rows - radius) - finished) * width)
    let at = 0
    for (let i = 0; i < rows; i++) {
      advance(rowAt(i))
      received++
      if (received <= radius || finished === height) continue
      filterLine(out, at)
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
