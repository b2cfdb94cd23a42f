/**
 * Rows that someone picked, read from the arrays that say so: which of rows from … to−1 meet every condition of a selection. Rows with no
 * data have no class, no score and no code, so they meet no condition on these; pixels of an area and rows by number are taken as they are.
 * Memory: 4 MB of one array at a time beside the answer, whatever the number of rows.
 */
import { StratumError } from '#common/errors.ts'
import { createPolygon } from '#common/domain/polygon.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import type { EmbeddingMeta } from '#common/domain/embedding.ts'
import type { ClusteringMeta, LatentsMeta } from '#common/domain/results.ts'
import type { RowCondition, RowSelection } from '#common/domain/selection.ts'
import { createPace, type LongRun } from '../analysis/pace.ts'
import { finishedArtifact, ofDataset } from '../project/finished.ts'
import type { ArrayReader, Project } from '../project/project.ts'

export interface OpenSelection {
  readonly dataset: number
  /** Rows of the dataset. */
  readonly rows: number
  /** [to − from] 1 for rows that are in it. */
  contains(from: number, to: number): Uint8Array
  /** The same for rows by number, in any order. */
  at(rows: ArrayLike<number>): Uint8Array
  count(run?: LongRun): Promise<SelectionCount>
  /** Numbers of the selected rows from the `offset`-th of them on, at most `limit`. */
  page(counted: SelectionCount, offset: number, limit: number): Float64Array
}

export interface SelectionCount {
  readonly rows: number
  /** How many selected rows come before each block of `rowsAtOnce` rows, so that a page is found without reading what lies before. */
  readonly before: Float64Array
}

/** Leaves 1 in `out` where a row from … from + out.length − 1 meets the condition, and 0 elsewhere; what is 0 already stays so. */
type Mark = (from: number, out: Uint8Array) => void

const rowsAtOnce = 2 ** 16
const mostReadBytes = 4 << 20

/**
 * @param of   the dataset that the rows are needed of, where that is known
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_KIND, PARAMETER_INVALID: an artifact that is not there, of another dataset, or without such a class, number or row
 */
export function openSelection(project: Project, selection: RowSelection, of = selection.dataset): OpenSelection {
  if (selection.dataset !== of)
    throw invalid('The selection is of another dataset.', `Select rows of “${project.artifact(of).name}”.`, selection.dataset)
  const dataset = finishedArtifact(project, selection.dataset, 'dataset')
  const marks = selection.all.map((condition) => markFor(project, dataset, condition))
  const { rows } = dataset.meta as unknown as DatasetMeta

  const contains = (from: number, to: number): Uint8Array => {
    if (!(0 <= from && from <= to && to <= rows)) throw new RangeError(`expected rows within 0 … ${rows}, found ${from} … ${to}`)
    const out = new Uint8Array(to - from).fill(1)
    for (const mark of marks) mark(from, out)
    return out
  }
  return {
    dataset: dataset.id,
    rows,
    contains,
    at(wanted) {
      const order = Uint32Array.from({ length: wanted.length }, (_, i) => i)
      if (!isRising(wanted)) order.sort((a, b) => wanted[a] - wanted[b])
      const out = new Uint8Array(wanted.length)
      for (let i = 0; i < order.length; ) {
        // Rows that lie close together are looked up in one go.
        const first = wanted[order[i]]
        let last = i
        while (last + 1 < order.length && wanted[order[last + 1]] - first < 4096) last++
        const inside = contains(first, wanted[order[last]] + 1)
        for (; i <= last; i++) out[order[i]] = inside[wanted[order[i]] - first]
      }
      return out
    },
    async count({ signal, report } = {}) {
      const pace = createPace(signal)
      const before = new Float64Array(Math.ceil(rows / rowsAtOnce))
      let count = 0
      for (let from = 0; from < rows; from += rowsAtOnce) {
        before[from / rowsAtOnce] = count
        for (const inside of contains(from, Math.min(rows, from + rowsAtOnce))) count += inside
        if (!pace.due()) continue
        report?.(from / rows)
        await pace.rest()
      }
      return { rows: count, before }
    },
    page(counted, offset, limit) {
      const found: number[] = []
      // The last block with fewer selected rows before it; empty ones lie between it and the next.
      let block = Math.max(0, firstNotBefore((i) => counted.before[i], 0, counted.before.length, offset + 1) - 1)
      let skip = offset - (counted.before[block] ?? 0)
      for (; block < counted.before.length && found.length < limit; block++) {
        const from = block * rowsAtOnce
        const inside = contains(from, Math.min(rows, from + rowsAtOnce))
        for (let i = 0; i < inside.length && found.length < limit; i++) if (inside[i] === 1 && skip-- <= 0) found.push(from + i)
      }
      return Float64Array.from(found)
    },
  }
}

const isRising = (values: ArrayLike<number>): boolean => {
  for (let i = 1; i < values.length; i++) if (values[i] < values[i - 1]) return false
  return true
}

function markFor(project: Project, dataset: Artifact, condition: RowCondition): Mark {
  switch (condition.kind) {
    case 'classes':
      return markClasses(project, dataset, condition)
    case 'range':
      return markRange(project, dataset, condition)
    case 'polygon':
      return markPolygon(project, dataset, condition)
    case 'area':
      return markArea(dataset, condition)
    case 'rows':
      return markRows(dataset, condition)
    case 'span':
      return markSpan(dataset, condition)
    case 'branch':
      return markBranch(project, dataset, condition)
    case 'labelled':
      return markLabelled(project, dataset, condition)
    case 'combined':
      return markCombined(project, dataset, condition)
  }
}

type Condition<Kind extends RowCondition['kind']> = Extract<RowCondition, { kind: Kind }>

function markClasses(project: Project, dataset: Artifact, { artifact, classes }: Condition<'classes'>): Mark {
  const clustering = ofDataset(finishedArtifact(project, artifact, 'clustering'), dataset)
  const known = new Set((clustering.meta as unknown as ClusteringMeta).classes.map(({ id }) => id))
  const unknown = classes.find((id) => !known.has(id))
  if (unknown !== undefined) throw invalid(`“${clustering.name}” has no class ${unknown}.`, 'Choose one of its classes.', artifact)
  const isWanted = new Uint8Array(2 ** 16)
  for (const id of classes) isWanted[id] = 1
  const labels = project.array(artifact, 'labels')
  return eachPiece(labels, (values, out) => {
    for (let i = 0; i < out.length; i++) out[i] &= isWanted[values[i]]
  })
}

function markRange(project: Project, dataset: Artifact, { artifact, array, unit, from, to }: Condition<'range'>): Mark {
  const found = ofDataset(finishedArtifact(project, artifact, array === 'score' ? 'scores' : 'latents'), dataset)
  const reader = project.array(artifact, array)
  const width = reader.shape[1] ?? 1
  if (unit >= width) throw invalid(`“${found.name}” has ${width} numbers, and there is none at ${unit}.`, 'Choose another.', artifact)
  const [low, high] = [from ?? Number.NEGATIVE_INFINITY, to ?? Number.POSITIVE_INFINITY]
  return eachPiece(reader, (values, out) => {
    for (let i = 0, at = unit; i < out.length; i++, at += width) out[i] &= Number(values[at] >= low && values[at] <= high)
  })
}

function markPolygon(project: Project, dataset: Artifact, condition: Condition<'polygon'>): Mark {
  const { artifact, points } = condition
  const found = ofDataset(finishedArtifact(project, artifact, 'latents', 'embedding2d'), dataset)
  const width = found.kind === 'latents' ? (found.meta as unknown as LatentsMeta).codeSize : 2
  const [x, y] = condition.axes
  if (x >= width || y >= width)
    throw invalid(`“${found.name}” has ${width} numbers, and the polygon lies on ${x} and ${y}.`, 'Draw it again.', artifact)
  const polygon = createPolygon(points)
  const mark = (values: ArrayLike<number>, out: Uint8Array): void => {
    for (let i = 0, at = 0; i < out.length; i++, at += width)
      if (out[i] === 1 && !polygon.contains(values[at + x], values[at + y])) out[i] = 0
  }
  return found.kind === 'latents' ? eachPiece(project.array(artifact, 'codes'), mark) : onPlane(project, found, mark)
}

/** Rows that an embedding has not laid out are not in it. */
function onPlane(project: Project, embedding: Artifact, mark: (values: ArrayLike<number>, out: Uint8Array) => void): Mark {
  const plane = project.array(embedding.id, 'plane')
  const numbers = project.array(embedding.id, 'rows')
  const laidOut = (embedding.meta as unknown as EmbeddingMeta).rows
  const pieceRows = numbers.chunkRows
  /** The first row number of each chunk, so that a search reads one chunk. */
  const starts = Float64Array.from({ length: Math.ceil(laidOut / pieceRows) }, (_, i) => numbers.read(i * pieceRows, i * pieceRows + 1)[0])
  /** Position of the first row laid out that is not before `row`. */
  const find = (row: number): number => {
    const piece = Math.max(0, firstNotBefore((i) => starts[i], 0, starts.length, row) - 1)
    return firstNotBefore((i) => numbers.read(i, i + 1)[0], piece * pieceRows, Math.min(laidOut, (piece + 1) * pieceRows), row)
  }
  // Rows are asked for in order as a rule, so the last search ended where the next one begins.
  let known: readonly [row: number, position: number] = [0, 0]
  return (from, out) => {
    const first = known[0] === from ? known[1] : find(from)
    const last = find(from + out.length)
    known = [from + out.length, last]
    const inside = new Uint8Array(out.length)
    for (let at = first; at < last; at += rowsAtOnce) {
      const to = Math.min(last, at + rowsAtOnce)
      const rows = numbers.read(at, to)
      const here = new Uint8Array(rows.length).fill(1)
      mark(plane.read(at, to), here)
      for (let i = 0; i < rows.length; i++) inside[rows[i] - from] = here[i]
    }
    for (let i = 0; i < out.length; i++) out[i] &= inside[i]
  }
}

function markArea(dataset: Artifact, { points }: Condition<'area'>): Mark {
  const { grid } = dataset.meta as unknown as DatasetMeta
  if (!grid)
    throw new StratumError('ARTIFACT_KIND', `“${dataset.name}” is no scene, so it has no map to draw on.`, 'Choose a raster dataset.', {
      artifact: dataset.id,
    })
  const { width } = grid
  const polygon = createPolygon(points)
  return (from, out) => {
    const end = from + out.length
    for (let line = Math.floor(from / width); line * width < end; line++) {
      const crossings = polygon.crossings(line + 0.5)
      // Outside are the stretches before the first crossing, between the second and the third, … and after the last.
      let clear = Math.max(from, line * width)
      const lineEnd = Math.min(end, (line + 1) * width)
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const [enter, leave] = [crossings[i], crossings[i + 1]].map((x) => line * width + Math.min(width, Math.max(0, Math.ceil(x - 0.5))))
        if (clear < Math.min(enter, lineEnd)) out.fill(0, clear - from, Math.min(enter, lineEnd) - from)
        clear = Math.max(clear, leave)
      }
      if (clear < lineEnd) out.fill(0, clear - from, lineEnd - from)
    }
  }
}

function markRows(dataset: Artifact, { rows }: Condition<'rows'>): Mark {
  const all = (dataset.meta as unknown as DatasetMeta).rows
  const sorted = Float64Array.from(rows).sort()
  const beyond = sorted[sorted.length - 1]
  if (beyond >= all)
    throw invalid(`“${dataset.name}” has ${all} rows, and there is none at ${beyond}.`, 'Choose rows of the dataset.', dataset.id)
  return (from, out) => {
    const inside = new Uint8Array(out.length)
    const first = firstNotBefore((i) => sorted[i], 0, sorted.length, from)
    for (let i = first; i < sorted.length && sorted[i] < from + out.length; i++) inside[sorted[i] - from] = 1
    for (let i = 0; i < out.length; i++) out[i] &= inside[i]
  }
}

function markSpan(dataset: Artifact, { from: first, to: last }: Condition<'span'>): Mark {
  const all = (dataset.meta as unknown as DatasetMeta).rows
  if (first > last || last >= all)
    throw invalid(`“${dataset.name}” has ${all} rows, and the span is ${first} … ${last}.`, 'Choose rows of the dataset.', dataset.id)
  return (from, out) => {
    out.fill(0, 0, Math.max(0, first - from))
    out.fill(0, Math.max(0, last + 1 - from))
  }
}

/** Rows that the clustering put nowhere in its tree are under no node. */
function markBranch(project: Project, dataset: Artifact, { artifact, node }: Condition<'branch'>): Mark {
  const clustering = ofDataset(finishedArtifact(project, artifact, 'clustering'), dataset)
  if (!clustering.arrays.some(({ name }) => name === 'tree/node'))
    throw invalid(
      `“${clustering.name}” was made before trees kept where their rows lie, so its branches cannot be selected.`,
      'Run the same clustering again, which makes a new one; then select in that.',
      artifact,
    )
  const children = project.array(artifact, 'tree/children')
  const { tree } = clustering.meta as unknown as ClusteringMeta
  const leaves = tree?.leaves ?? 0
  const nodes = leaves + children.shape[0]
  if (node >= nodes) throw invalid(`The tree of “${clustering.name}” has no node ${node}.`, 'Choose one of its branches.', artifact)
  const pairs = children.read(0, children.shape[0])
  const isUnder = new Uint8Array(nodes)
  isUnder[node] = 1
  // Children come before what joins them.
  for (let at = node; at >= leaves; at--) if (isUnder[at]) isUnder[pairs[2 * (at - leaves)]] = isUnder[pairs[2 * (at - leaves) + 1]] = 1
  return eachPiece(project.array(artifact, 'tree/node'), (values, out) => {
    for (let i = 0; i < out.length; i++) out[i] &= values[i] < 0 ? 0 : isUnder[values[i]]
  })
}

function markLabelled(project: Project, dataset: Artifact, { artifact, labels }: Condition<'labelled'>): Mark {
  const comparison = ofDataset(finishedArtifact(project, artifact, 'comparison'), dataset)
  if (!comparison.arrays.some(({ name }) => name === 'labelled'))
    throw invalid(`“${comparison.name}” does not keep which rows have which label.`, 'Compare with the labels again.', artifact)
  const { names } = (comparison.meta as unknown as ComparisonMeta).evaluation?.labels ?? { names: [] }
  const unknown = labels.find((label) => label >= names.length)
  if (unknown !== undefined) throw invalid(`“${comparison.name}” has no label ${unknown}.`, 'Choose one of its labels.', artifact)
  // 0: no label.
  const isWanted = new Uint8Array(names.length + 1)
  for (const label of labels) isWanted[label + 1] = 1
  return eachPiece(project.array(artifact, 'labelled'), (values, out) => {
    for (let i = 0; i < out.length; i++) out[i] &= isWanted[values[i]]
  })
}

function markCombined(project: Project, dataset: Artifact, { parts }: Condition<'combined'>): Mark {
  const steps = parts.map(({ how, outside = false, all }) => ({
    adds: how === 'add',
    // 1 where a row is meant: one that meets every condition, or one that does not.
    meant: outside ? 0 : 1,
    marks: all.map((condition) => markFor(project, dataset, condition)),
  }))
  return (from, out) => {
    const inside = new Uint8Array(out.length)
    for (const { adds, meant, marks } of steps) {
      const found = new Uint8Array(out.length).fill(1)
      for (const mark of marks) mark(from, found)
      for (let i = 0; i < out.length; i++) if (found[i] === meant) inside[i] = Number(adds)
    }
    for (let i = 0; i < out.length; i++) out[i] &= inside[i]
  }
}

/** The first position low … high−1 whose rising value is not below `wanted`; high where there is none. */
function firstNotBefore(valueAt: (i: number) => number, low: number, high: number, wanted: number): number {
  while (low < high) {
    const middle = (low + high) >> 1
    if (valueAt(middle) < wanted) low = middle + 1
    else high = middle
  }
  return low
}

/** Reads rows of an array in pieces of at most 4 MB, for as long as any of them still counts. */
function eachPiece(reader: ArrayReader, mark: (values: ArrayLike<number>, out: Uint8Array) => void): Mark {
  const rowBytes = 4 * reader.shape.slice(1).reduce((product, n) => product * n, 1)
  const pieceRows = Math.max(1, Math.floor(mostReadBytes / rowBytes))
  return (from, out) => {
    for (let at = 0; at < out.length; at += pieceRows) {
      const piece = out.subarray(at, at + pieceRows)
      if (piece.includes(1)) mark(reader.read(from + at, from + at + piece.length), piece)
    }
  }
}

const invalid = (message: string, hint: string, artifact: number): StratumError =>
  new StratumError('PARAMETER_INVALID', message, hint, { artifact, parameter: 'selection' })
