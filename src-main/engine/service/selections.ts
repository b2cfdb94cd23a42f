/**
 * Rows that were picked in the window: how many, which of those on the screen, a page of them, where on the map, and what they look like.
 * Memory: a piece of what says which rows they are; for profiles the sample of drawn rows, of which the last one is kept (16 MB). Of rows
 * that are so few that the sample holds hardly any, up to 100 are read from the source.
 */
import { setImmediate } from 'node:timers/promises'
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import { StratumError } from '#common/errors.ts'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { type LatentsMeta, type MatrixMeta, type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import type { RowSelection } from '#common/domain/selection.ts'
import { type OpenSelection, openSelection, type SelectionCount } from '../data/selection.ts'
import { type ClassProfile, classProfiles, type DrawnRows, readDrawnRows } from '../operations/profiles.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'
import { checkWindow, type Views } from './views.ts'

type SelectionCalls = Pick<EngineCalls, 'selectRows' | 'readSelectedRows' | 'selectionMap' | 'selectionProfile'>

/** Bytes of the sample that profiles come from. */
const mostSampleBytes = 16e6
/** Of a selection that the sample holds fewer rows of, so many are read from the source. */
const fewRows = 30
const mostReadRows = 100
/** Counts of so many selections are remembered: the same one is asked for by several views. */
const mostCounts = 16

interface Place {
  project(): Project
  readonly views: Pick<Views, 'rowValues' | 'previewRows'>
}

export function createSelections(session: Place): Handlers<SelectionCalls> {
  const counts = new WeakMap<Project, Map<string, Promise<SelectionCount>>>()
  let sample: { readonly project: Project; readonly matrix: number; readonly rows: DrawnRows } | null = null

  function countOf(selection: RowSelection, open: OpenSelection): Promise<SelectionCount> {
    const project = session.project()
    const known = counts.get(project) ?? new Map<string, Promise<SelectionCount>>()
    counts.set(project, known)
    const key = JSON.stringify(selection)
    const counting = known.get(key) ?? open.count()
    known.delete(key)
    known.set(key, counting)
    counting.catch(() => known.delete(key))
    if (known.size > mostCounts) known.delete(known.keys().next().value as string)
    return counting
  }

  function drawnRows(matrix: number): DrawnRows {
    const project = session.project()
    if (sample?.project !== project || sample.matrix !== matrix) {
      sample = null
      sample = { project, matrix, rows: readDrawnRows(project, matrix, mostSampleBytes) }
    }
    return sample.rows
  }

  /** Rows spread over the selection, [n × names] as they are in the source. Null where the source has other columns. */
  async function readSome(open: OpenSelection, names: readonly string[], count: number): Promise<{ n: number; X: Float32Array } | null> {
    const { columns } = session.project().artifact(open.dataset).meta as unknown as DatasetMeta
    const positions = names.map((name) => columns.findIndex((column) => column.name === name))
    if (positions.includes(-1)) return null
    const chosen = await spreadRows(open, count)
    const X = new Float32Array(chosen.length * names.length)
    let n = 0
    for (const row of chosen) {
      const values = await session.views.rowValues(open.dataset, row)
      const wanted = positions.map((position) => values[position])
      if (wanted.some((value) => !Number.isNaN(value))) X.set(wanted, n++ * names.length)
    }
    return { n, X: X.subarray(0, n * names.length) }
  }

  return {
    async selectRows({ selection, rows }) {
      const open = openSelection(session.project(), selection)
      const beyond = rows?.find((row) => !(Number.isInteger(row) && row >= 0 && row < open.rows))
      if (beyond !== undefined)
        throw new StratumError('PARAMETER_INVALID', `There is no row number ${beyond}.`, 'Ask for rows of the dataset.', {
          parameter: 'rows',
        })
      const inside = rows ? open.at(rows) : null
      return { count: (await countOf(selection, open)).rows, inside }
    },

    async readSelectedRows({ selection, offset, limit, columns }) {
      const open = openSelection(session.project(), selection)
      const counted = await countOf(selection, open)
      const numbers = open.page(counted, offset, limit)
      return { ...(await session.views.previewRows(open.dataset, numbers, columns)), numbers, total: counted.rows }
    },

    async selectionMap({ selection, window }) {
      const project = session.project()
      const { grid } = finishedArtifact(project, selection.dataset, 'dataset').meta as unknown as Partial<DatasetMeta>
      if (!grid)
        throw new StratumError('ARTIFACT_KIND', 'This dataset is not a scene; it has no grid.', 'Choose a raster dataset.', {
          artifact: selection.dataset,
        })
      checkWindow(grid, window)
      const open = openSelection(project, selection)
      const { x, y, width, height, outWidth, outHeight } = window
      const column = Uint32Array.from({ length: outWidth }, (_, i) => Math.floor(((i + 0.5) * width) / outWidth))
      const values = new Uint8Array(outWidth * outHeight)
      for (let r = 0; r < outHeight; r++) {
        const line = (y + Math.floor(((r + 0.5) * height) / outHeight)) * grid.width
        const inside = open.contains(line + x, line + x + width)
        for (let i = 0; i < outWidth; i++) values[r * outWidth + i] = inside[column[i]]
        if (r % 64 === 63) await setImmediate()
      }
      return { values }
    },

    async selectionProfile({ selection, latents, model }) {
      const project = session.project()
      const open = openSelection(project, selection)
      const matrix = matrixFor(project, open.dataset, latents, model)
      const { rows } = await countOf(selection, open)
      const drawn = drawnRows(matrix)
      const inside = open.at(drawn.index)
      const held = inside.reduce((sum, is) => sum + is, 0)
      const names = sourcesOf(project.artifact(matrix).meta as unknown as MatrixMeta).map(({ name }) => name)
      const read = held < Math.min(rows, fewRows) ? await readSome(open, names, rows) : null
      // Rows of the sample that are in the selection are told twice otherwise.
      const labels = Uint16Array.from(inside, (is) => (is ? (read ? 0 : 1) : 2))
      const both = read ? { ...drawn, X: joined(read.X, drawn.X) } : drawn
      const [own] = classProfiles(both, read ? Uint16Array.from([...new Array<number>(read.n).fill(1), ...labels]) : labels, 2)
      const [all] = classProfiles(drawn, new Uint16Array(inside.length).fill(1), 1)
      const numbers = (profile: ClassProfile, of: 'mean' | 'sd'): Float64Array =>
        profile.mean.length
          ? Float64Array.from(profile[of], (value) => value ?? Number.NaN)
          : new Float64Array(drawn.columns).fill(Number.NaN)
      return {
        rows,
        sampled: read?.n ?? held,
        names,
        mean: numbers(own, 'mean'),
        sd: numbers(own, 'sd'),
        allMean: numbers(all, 'mean'),
        allSd: numbers(all, 'sd'),
        distinguishing: own.distinguishing,
      }
    },
  }
}

/** @throws ARTIFACT_NOT_FOUND, ARTIFACT_KIND: no matrix of the dataset, or a model that learned from another one */
function matrixFor(project: Project, dataset: number, latents?: number, model?: number): number {
  const ofModel = latents === undefined ? model : (finishedArtifact(project, latents, 'latents').meta as unknown as LatentsMeta).model
  const matrix =
    ofModel === undefined
      ? project.artifacts().findLast(({ kind, status, meta }) => kind === 'matrix' && status === 'done' && meta.dataset === dataset)?.id
      : (finishedArtifact(project, ofModel, 'model').meta as unknown as ModelMeta).matrix
  if (matrix !== undefined && project.artifact(matrix).meta.dataset === dataset) return matrix
  throw new StratumError(
    'ARTIFACT_KIND',
    'No rows were drawn from this dataset.',
    'Prepare the dataset, or choose a model that learned from it.',
    {
      artifact: ofModel ?? dataset,
    },
  )
}

/** At most `mostReadRows` of the rows of a selection, evenly spread over them. */
async function spreadRows(open: OpenSelection, count: number): Promise<number[]> {
  const every = Math.max(1, count / mostReadRows)
  const chosen: number[] = []
  let seen = 0
  for (let from = 0; from < open.rows && seen < count; from += 2 ** 16) {
    const inside = open.contains(from, Math.min(open.rows, from + 2 ** 16))
    for (let i = 0; i < inside.length; i++) if (inside[i] && seen++ >= chosen.length * every) chosen.push(from + i)
    await setImmediate()
  }
  return chosen
}

function joined(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
