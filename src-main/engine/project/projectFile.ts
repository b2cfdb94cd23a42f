/** An open project: artifacts with their inputs and arrays, drafts, annotations with undo, settings, the record of jobs. */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { type Annotations, type Artifact, longestName } from '#common/domain/artifact.ts'
import type { SourceReference } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { readArray } from './arrayStore.ts'
import { toArrayInfo } from './arrays.ts'
import type { ArtifactRow, NewArtifact } from './artifacts.ts'
import { type OwnedDraft, openDraft } from './draft.ts'
import type { JobRecord } from './jobs.ts'
import type { JournalRow } from './journal.ts'
import type { Project } from './project.ts'
import { type Db, onFile } from './sqlite.ts'
import { prepareTables } from './tables.ts'
import { type Verification, verifyProject } from './verify.ts'

/** A file name may hold a line break; in a list it would end the line. */
const inOneLine = (name: string): string => name.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()

/** Its first units of UTF-16, and no half of a letter at the end. */
const cutTo = (name: string, units: number): string =>
  name
    .slice(0, units)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()

export interface ProjectFile extends Project {
  readonly createdAt: string
  /** Bytes on disk, with what is not yet copied from the write-ahead log. */
  sizeBytes(): number

  /** The newest finished artifact with this key. */
  finishedWithKey(contentKey: string): Artifact | null
  /** A resumable draft with this key that a dead process left behind. */
  interruptedWithKey(contentKey: string): number | null
  beginDraft(artifact: NewArtifact, inputs: Readonly<Record<string, number>>): OwnedDraft
  /** Takes up an interrupted draft: its checkpoint and metrics are there, arrays written outside the checkpoint are not. */
  resumeDraft(id: number): OwnedDraft

  /** The label of what undo / redo would do, or null. */
  undoLabel(): string | null
  redoLabel(): string | null
  /** The artifact that changed, or null when there was nothing to do. */
  undo(): Artifact | null
  redo(): Artifact | null

  /** The artifact and everything made from it. */
  downstream(id: number): number[]
  setting(key: string): unknown
  setSetting(key: string, value: unknown): void
  jobs(): JobRecord[]
  lastJobId(): number
  recordJob(job: JobRecord): void

  /** Reads every chunk; gives way to other work between chunks. */
  verify(signal?: AbortSignal): Promise<Verification>
  close(): void
}

/** A relinked dataset keeps where its source is now among its annotations: those can be undone, and results stay as they were made. */
type StoredAnnotations = Annotations & { readonly source?: SourceReference }

function describedBy(row: ArtifactRow): Pick<Artifact, 'meta' | 'annotations'> {
  const { source, ...annotations } = JSON.parse(row.annotations) as StoredAnnotations
  const meta = JSON.parse(row.meta) as Record<string, unknown>
  return { meta: source === undefined ? meta : { ...meta, source }, annotations }
}

/** @param onDelete told after something was deleted, when its space can be given back */
export function projectFile(
  db: Db,
  path: string,
  readOnly: boolean,
  { onDelete, onClose }: { onDelete: () => void; onClose: () => void },
): ProjectFile {
  const tables = prepareTables(db, path)
  const { artifacts, edges, metrics, arrays, settings, journal, jobs } = tables

  const toArtifact = (row: ArtifactRow): Artifact => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    operation: row.operation,
    operationVersion: row.operation_version,
    params: JSON.parse(row.params) as Record<string, unknown>,
    inputs: edges.inputs(row.id),
    seed: row.seed,
    device: row.device,
    contentKey: row.content_key,
    status: row.status,
    createdAt: row.created_at,
    seconds: row.seconds,
    ...describedBy(row),
    arrays: arrays.of(row.id).map(toArrayInfo),
    error: row.error === null ? null : (JSON.parse(row.error) as Record<string, unknown>),
  })

  const rowOf = (id: number): ArtifactRow => {
    const row = artifacts.get(id)
    if (!row)
      throw new StratumError(
        'ARTIFACT_NOT_FOUND',
        `There is no artifact ${id} in this project.`,
        'List the artifacts and choose one of them.',
        { path, artifact: id },
      )
    return row
  }
  const artifact = (id: number): Artifact => onFile(path, () => toArtifact(rowOf(id)))

  const writing = <T>(work: () => T): T => {
    if (readOnly)
      throw new StratumError(
        'PROJECT_READ_ONLY',
        'The project is open read-only.',
        'Open it for writing, or copy it and work on the copy.',
        { path },
      )
    return onFile(path, work)
  }

  const change = (row: ArtifactRow, field: JournalRow['field'], label: string, after: string): Artifact =>
    writing(() => {
      if (after === row[field]) return artifact(row.id)
      tables.transaction(() => {
        journal.add({ artifact: row.id, field, label, before: row[field], after })
        apply(row.id, field, after)
      })
      return artifact(row.id)
    })
  const apply = (id: number, field: JournalRow['field'], value: string): void => {
    if (field === 'name') artifacts.setName(id, value)
    else artifacts.setAnnotations(id, JSON.parse(value) as Annotations)
  }
  const step = (entry: JournalRow | undefined, undone: boolean): Artifact | null =>
    writing(() => {
      if (!entry) return null
      tables.transaction(() => {
        apply(entry.artifact, entry.field, undone ? entry.before : entry.after)
        journal.mark(entry.id, undone)
      })
      return artifact(entry.artifact)
    })

  return {
    path,
    readOnly,
    createdAt: String(settings.get('createdAt') ?? ''),
    sizeBytes: () => statSync(path).size + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0),

    artifact,
    artifacts: () => onFile(path, () => artifacts.all().map(toArtifact)),
    find: (reference) => {
      const wanted = reference.trim()
      const numbered = /^\d+$/.test(wanted) ? onFile(path, () => artifacts.get(Number(wanted))) : undefined
      const found = [
        ...(numbered ? [numbered] : []),
        ...onFile(path, () => artifacts.named(wanted)).filter(({ id }) => id !== numbered?.id),
      ]
      if (found.length === 1) return artifact(found[0].id)
      if (found.length === 0)
        throw new StratumError(
          'ARTIFACT_NOT_FOUND',
          `There is no artifact named '${wanted}' in this project.`,
          `Known: ${
            artifacts
              .all()
              .map((it) => `${it.id} ${it.name}`)
              .slice(0, 12)
              .join(', ') || 'none yet'
          }.`,
          { path, artifact: wanted },
        )
      throw new StratumError(
        'ARTIFACT_AMBIGUOUS',
        `'${wanted}' may mean ${found.map((it) => `${it.id} (${it.kind} ${it.name})`).join(' or ')}.`,
        'Use the number, or rename one of them.',
        { path, artifact: wanted },
      )
    },
    array: (id, name) =>
      onFile(path, () => {
        const row = arrays.get(rowOf(id).id, name)
        if (!row)
          throw new StratumError('ARTIFACT_NOT_FOUND', `Artifact ${id} has no array '${name}'.`, 'Compute it again.', {
            path,
            artifact: id,
            array: name,
          })
        return readArray(tables, row)
      }),
    metrics: (id, afterStep) => onFile(path, () => metrics.after(id, afterStep)),

    finishedWithKey: (key) => onFile(path, () => artifacts.withKey(key, 'done').map(toArtifact)[0] ?? null),
    interruptedWithKey: (key) => onFile(path, () => artifacts.withKey(key, 'running').find(({ resumable }) => resumable === 1)?.id ?? null),
    beginDraft: (it, inputs) =>
      writing(() =>
        tables.transaction(() => {
          const id = artifacts.insert(it)
          edges.insert(id, inputs)
          return openDraft(tables, id, artifact, onDelete)
        }),
      ),
    resumeDraft: (id) =>
      writing(() => {
        for (const { name } of arrays.of(rowOf(id).id)) if (!name.startsWith('checkpoint/')) arrays.remove(id, name)
        return openDraft(tables, id, artifact, onDelete)
      }),

    uniqueName: (kind, wanted) => {
      const base = inOneLine(wanted) || kind
      const taken = new Set(onFile(path, () => artifacts.all()).map(({ name }) => name))
      for (let n = 1; ; n += 1) {
        const number = n === 1 ? '' : ` ${n}`
        const name = `${cutTo(base, longestName - number.length)}${number}`
        if (!taken.has(name)) return name
      }
    },
    rename: (id, name) => {
      const wanted = inOneLine(name)
      const row = rowOf(id)
      const other = artifacts.named(wanted).find((it) => it.id !== id)
      if (wanted === '')
        throw new StratumError('PARAMETER_INVALID', 'A name needs at least one character.', 'Type a name.', {
          path,
          artifact: id,
          parameter: 'name',
        })
      if (wanted.length > longestName)
        throw new StratumError(
          'PARAMETER_INVALID',
          `A name has at most ${longestName} characters; this one has ${wanted.length}.`,
          'Choose a shorter one.',
          { path, artifact: id, parameter: 'name' },
        )
      if (other)
        throw new StratumError(
          'PARAMETER_INVALID',
          `The name '${wanted}' is taken by artifact ${other.id} (${other.kind}).`,
          'Choose another name.',
          { path, artifact: id, parameter: 'name' },
        )
      return change(row, 'name', `rename ${row.name} to ${wanted}`, wanted)
    },
    annotate: (id, annotations) => {
      const row = rowOf(id)
      const label = `change ${Object.keys(annotations).join(' and ') || 'annotations'} of ${row.name}`
      return change(row, 'annotations', label, JSON.stringify({ ...(JSON.parse(row.annotations) as Annotations), ...annotations }))
    },
    relink: (id, source) => {
      const row = rowOf(id)
      const annotations = { ...(JSON.parse(row.annotations) as StoredAnnotations), source }
      return change(row, 'annotations', `relink ${row.name}`, JSON.stringify(annotations))
    },
    undoLabel: () => onFile(path, () => journal.toUndo()?.label ?? null),
    redoLabel: () => onFile(path, () => journal.toRedo()?.label ?? null),
    undo: () => step(journal.toUndo(), true),
    redo: () => step(journal.toRedo(), false),

    downstream: (id) => onFile(path, () => edges.downstream(rowOf(id).id)),
    remove: (id) =>
      writing(() => {
        const removed = tables.transaction(() => {
          const ids = edges.downstream(rowOf(id).id)
          for (const each of ids) artifacts.remove(each)
          return ids
        })
        onDelete()
        return removed
      }),

    setting: (key) => onFile(path, () => settings.get(key)),
    setSetting: (key, value) => {
      writing(() => settings.put(key, value))
    },
    jobs: () => onFile(path, () => jobs.all()),
    lastJobId: () => onFile(path, () => jobs.lastId()),
    recordJob: (job) => {
      if (!readOnly) onFile(path, () => tables.transaction(() => jobs.put(job)))
    },
    verify: (signal) => verifyProject(db, tables, signal),
    close: onClose,
  }
}

/** 'survey' of '/home/me/survey.stratum'. */
export const projectName = (path: string): string => basename(path).replace(/\.stratum$/, '')
