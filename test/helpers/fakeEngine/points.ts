/**
 * Codes, a plane, a tree and selections of the made-up scene: computed when asked for, so that any number of points can be drawn.
 * Rows beyond the scene repeat it, for looking at millions of points.
 */
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact, Job } from '#common/domain/artifact.ts'
import { type RowCondition, RowSelection } from '#common/domain/selection.ts'
import { fail, ok } from '#common/result.ts'
import { bands, labelAt, scoreAt, size, valueAt } from './scene.ts'

type PointCalls = Pick<
  Client<EngineCalls>,
  | 'sampleLatents'
  | 'estimatePlane'
  | 'readEmbedding'
  | 'jobPicture'
  | 'readValues'
  | 'readTree'
  | 'previewCut'
  | 'selectRows'
  | 'selectionMap'
  | 'selectionProfile'
>
const all = size * size
const fraction = (v: number): number => v - Math.floor(v)
/** Nearly normal, sd 1. */
const noise = (row: number, s: number): number =>
  2 * (fraction(Math.sin(row * 12.9898 + s) * 43758.5453) + fraction(Math.sin(row * 78.233 + s) * 24634.6345) - 1) * 1.22

export function codeOf(row: number): readonly [number, number] {
  const label = labelAt(row % all)
  return [Math.cos(label) + 0.18 * noise(row, 1), Math.sin(label) + 0.18 * noise(row, 2)]
}
/** Islands of the classes, `share` of the way from one heap. */
function planeOf(row: number, share = 1): readonly [number, number] {
  const label = labelAt(row % all)
  const place = 9 * share
  return [place * Math.cos(label * 1.05) + 1.6 * noise(row, 3), place * Math.sin(label * 1.05) + 1.2 * noise(row, 4)]
}

function rowsOf(count: number, most = all): Float64Array<ArrayBuffer> {
  const n = Math.min(count, most)
  return Float64Array.from({ length: n }, (_, i) => Math.floor(((i + 0.5) * most) / n)).filter((row) => labelAt(row % all) > 0)
}
const inside = (points: readonly (readonly [number, number])[], x: number, y: number): boolean => {
  let is = false
  for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [points[i]!, points[j]!]
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is
  }
  return is
}
export function meets(condition: RowCondition, row: number, find: (id: number) => Artifact): boolean {
  if (condition.kind === 'rows') return condition.rows.includes(row)
  if (condition.kind === 'span') return row >= condition.from && row <= condition.to
  if (condition.kind === 'area') return inside(condition.points, (row % size) + 0.5, Math.floor(row / size) + 0.5)
  if (condition.kind === 'combined')
    return condition.parts.reduce(
      (is, { how, outside = false, all }) => (all.every((one) => meets(one, row, find)) !== outside ? how === 'add' : is),
      false,
    )
  if (labelAt(row) === 0) return false
  // A class is two leaves: even rows lie at the first, odd ones at the second.
  if (condition.kind === 'branch') return leavesUnder(condition.node).includes(2 * (labelAt(row) - 1) + (row % 2))
  if (condition.kind === 'classes') return condition.classes.includes(labelAt(row))
  if (condition.kind === 'labelled') return condition.labels.includes(labelAt(row) - 1)
  if (condition.kind === 'polygon')
    return inside(condition.points, ...(find(condition.artifact).kind === 'embedding2d' ? planeOf(row) : codeOf(row)))
  const value = condition.array === 'codes' ? codeOf(row)[condition.unit]! : scoreAt(row)
  return value >= (condition.from ?? Number.NEGATIVE_INFINITY) && value <= (condition.to ?? Number.POSITIVE_INFINITY)
}

/** Meta of a plane of these codes. */
export const planeMeta = (latents: Artifact, method: string, title: string) => ({
  method,
  title,
  dataset: latents.meta.dataset,
  latents: latents.id,
  rows: 240_000,
  validRows: latents.meta.validRows,
  figures: { trustworthiness: 0.94 },
  range: { x: { min: -13, max: 13 }, y: { min: -13, max: 13 } },
})

function leavesUnder(node: number): readonly number[] {
  const { leaves, children } = tree()
  if (node < leaves) return [node]
  return [0, 1].flatMap((side) => leavesUnder(children[2 * (node - leaves) + side] as number))
}

/** Merges of the six classes, each of them two leaves. */
export const tree = () => {
  const pairs = [0, 1, 2, 3, 4, 5].map((i) => [2 * i, 2 * i + 1])
  const children = [...pairs, [12, 13], [14, 15], [18, 19], [16, 17], [20, 21]].flat()
  const sizes = [0.19, 0.14, 0.12, 0.1, 0.09, 0.09, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02].map((share) => Math.round(share * 250_000))
  for (let i = 0; i < children.length; i += 2) sizes.push(sizes[children[i]!]! + sizes[children[i + 1]!]!)
  return {
    kind: 'ward' as const,
    leaves: 12,
    children: Int32Array.from(children),
    height: Float64Array.of(12, 14, 15, 17, 18, 21, 44, 52, 80, 95, 160),
    size: Float64Array.from(sizes),
    leafClass: Int32Array.from({ length: 12 }, (_, i) => 1 + (i >> 1)),
    ends: null,
    holder: 4,
  }
}

/** @param most rows that there are points of: more than the scene has for a look at millions */
export function pointCalls(find: (id: number) => Artifact, job: (id: number) => Job | undefined, most = all): PointCalls {
  const contains = (selection: RowSelection, row: number): boolean => selection.all.every((condition) => meets(condition, row, find))
  const drawn = (rows: Float64Array, at: (row: number) => readonly [number, number]): Float32Array<ArrayBuffer> => {
    const out = new Float32Array(rows.length * 2)
    for (let i = 0; i < rows.length; i++) out.set(at(rows[i]!), 2 * i)
    return out
  }
  const known = (rows: Float64Array<ArrayBuffer>) => ({
    n: rows.length,
    rows,
    labels: Uint16Array.from(rows, (row) => labelAt(row % all)),
    scores: Float32Array.from(rows, (row) => scoreAt(row % all)),
  })
  return {
    sampleLatents: async ({ count }) => {
      const rows = rowsOf(count, most)
      return ok({ ...known(rows), codeSize: 2, codes: drawn(rows, codeOf) })
    },
    estimatePlane: async () => ok({ rows: all, learnedRows: all, memoryBytes: 30e6, seconds: 12, basis: 'probe' as const }),
    readEmbedding: async ({ count }) => {
      const rows = rowsOf(count ?? all, most)
      return ok({ ...known(rows), plane: drawn(rows, (row) => planeOf(row)) })
    },
    jobPicture: async ({ job: id, count }) => {
      const share = job(id)?.progress?.fraction ?? null
      if (share === null) return ok(null)
      const rows = rowsOf(count ?? all)
      return ok({ n: rows.length, rows, plane: drawn(rows, (row) => planeOf(row, Math.sqrt(share))) })
    },
    readValues: async ({ rows, of }) =>
      ok({
        values: Float32Array.from(rows, (row) =>
          of.kind === 'class'
            ? labelAt(row % all)
            : of.kind === 'score'
              ? scoreAt(row % all)
              : of.kind === 'code'
                ? codeOf(row)[of.unit]!
                : valueAt(row % all, of.column),
        ),
      }),
    readTree: async () => ok(tree()),
    async previewCut({ cut }) {
      const { leaves, children, height, size } = tree()
      const k = cut.by === 'clusters' ? (cut.clusters ?? 1) : 1 + height.filter((h) => h > (cut.height ?? 0)).length
      const nodeClass = new Int32Array(size.length).fill(-1)
      const sizes: number[] = []
      for (let node = size.length - 1; node >= 0; node--) {
        if (node - leaves >= height.length - (k - 1)) continue
        if (nodeClass[node]! < 0) nodeClass[node] = sizes.push(size[node]!) - 1
        for (const side of [0, 1]) if (node >= leaves) nodeClass[children[2 * (node - leaves) + side]!] = nodeClass[node]!
      }
      const all = size.at(-1) ?? 1
      return ok({
        k,
        shares: Float64Array.from(
          sizes.sort((a, b) => b - a),
          (rows) => rows / all,
        ),
        noise: 0,
        nodeClass,
      })
    },
    selectRows: async ({ selection: asked, rows }) => {
      const selection = RowSelection.parse(asked)
      let count = 0
      for (let row = 0; row < all; row++) count += Number(contains(selection, row))
      return ok({ count, inside: rows ? Uint8Array.from(rows, (row) => Number(contains(selection, row % all))) : null })
    },
    selectionMap: async ({ selection: asked, window: w }) => {
      const selection = RowSelection.parse(asked)
      const values = new Uint8Array(w.outWidth * w.outHeight)
      for (let y = 0; y < w.outHeight; y++)
        for (let x = 0; x < w.outWidth; x++) {
          const row = (w.y + Math.floor((y / w.outHeight) * w.height)) * size + w.x + Math.floor((x / w.outWidth) * w.width)
          values[y * w.outWidth + x] = Number(contains(selection, row))
        }
      return ok({ values })
    },
    selectionProfile: async ({ selection: asked }) => {
      const selection = RowSelection.parse(asked)
      const rows = rowsOf(4000)
      const own = [...rows].filter((row) => contains(selection, row))
      if (own.length === 0) return fail({ code: 'DATA_UNSUITABLE', message: 'No row was sampled.', hint: 'Select more rows.', where: {} })
      const figures = (of: readonly number[]) => {
        const mean = bands.map((_, b) => of.reduce((sum, row) => sum + valueAt(row, b), 0) / of.length)
        return { mean, sd: mean.map((m, b) => Math.sqrt(of.reduce((sum, row) => sum + (valueAt(row, b) - m) ** 2, 0) / of.length)) }
      }
      const [mine, every] = [figures(own), figures([...rows])]
      return ok({
        rows: own.length * 60,
        sampled: own.length,
        names: bands.map(([name]) => name),
        mean: Float64Array.from(mine.mean),
        sd: Float64Array.from(mine.sd),
        allMean: Float64Array.from(every.mean),
        allSd: Float64Array.from(every.sd),
        distinguishing: bands
          .map((_, column) => ({ column, effect: (mine.mean[column]! - every.mean[column]!) / every.sd[column]!, p: 1e-12 }))
          .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect)),
      })
    },
  }
}
