/** An artifact while it is made: its rows carry status 'running' until `finish` turns them into a result in one transaction. */
import type { Artifact } from '#common/domain/artifact.ts'
import { cancelled } from '#common/errors.ts'
import { readArray, rowsOf, writeArray } from './arrayStore.ts'
import type { Draft, NumberArray } from './project.ts'
import type { Tables } from './tables.ts'
import { onFile } from './sqlite.ts'

/** What the runner may do with a draft beyond what an operation may. */
export interface OwnedDraft extends Draft {
  /** Lists it as done. Every array that was begun must be finished. */
  finish(meta: Readonly<Record<string, unknown>>, seconds: number): Artifact
  /** Removes it with all it wrote, in one transaction. Further use of the draft ends as CANCELLED. */
  discard(): void
  /** Leaves it on disk as it is, to be resumed later. Further use of the draft ends as CANCELLED. */
  release(): void
}

const checkpointPrefix = 'checkpoint/'

export function openDraft(tables: Tables, id: number, toArtifact: (id: number) => Artifact, onDelete: () => void): OwnedDraft {
  const { path, artifacts, arrays, metrics } = tables
  const writers = new Map<string, { readonly finished: boolean }>()
  let isOpen = true

  const whileOpen = <T>(work: () => T): T => {
    if (!isOpen) throw cancelled()
    return onFile(path, work)
  }
  const checkpointArrays = () => arrays.of(id).filter(({ name }) => name.startsWith(checkpointPrefix))
  const dropCheckpointArrays = (): void => {
    for (const { name } of checkpointArrays()) arrays.remove(id, name)
  }

  return {
    id,
    writeArray: (name, spec) =>
      whileOpen(() => {
        if (name.startsWith(checkpointPrefix)) throw new RangeError(`'${checkpointPrefix}' names belong to checkpoints`)
        const writer = writeArray(tables, id, name, spec)
        writers.set(name, writer)
        return { append: (values: NumberArray) => whileOpen(() => writer.append(values)), finish: () => whileOpen(() => writer.finish()) }
      }),
    saveCheckpoint: (state, values) =>
      whileOpen(() =>
        tables.transaction(() => {
          dropCheckpointArrays()
          for (const [name, array] of Object.entries(values)) {
            const writer = writeArray(tables, id, checkpointPrefix + name, array)
            writer.append(array.values)
            writer.finish()
          }
          artifacts.setCheckpoint(id, JSON.stringify(state ?? null))
        }),
      ),
    loadCheckpoint: () =>
      whileOpen(() => {
        const state = artifacts.get(id)?.checkpoint ?? null
        if (state === null || state === 'null') return null
        const entries = checkpointArrays().map((row) => {
          const reader = readArray(tables, row)
          return [row.name.slice(checkpointPrefix.length), { shape: reader.shape, values: reader.read(0, rowsOf(reader.shape)) }] as const
        })
        return { state: JSON.parse(state) as unknown, arrays: Object.fromEntries(entries) }
      }),
    addMetrics: (points) => whileOpen(() => metrics.add(id, points)),
    annotate: (annotations) => whileOpen(() => void artifacts.setAnnotations(id, annotations)),
    finish: (meta, seconds) =>
      whileOpen(() => {
        const open = [...writers].filter(([, writer]) => !writer.finished).map(([name]) => name)
        if (open.length > 0) throw new Error(`arrays not finished: ${open.join(', ')}`)
        tables.transaction(() => {
          dropCheckpointArrays()
          artifacts.finish(id, meta, seconds)
        })
        isOpen = false
        return toArtifact(id)
      }),
    discard: () => {
      if (!isOpen) return
      isOpen = false
      onFile(path, () => artifacts.remove(id))
      onDelete()
    },
    release: () => {
      isOpen = false
    },
  }
}
