/**
 * The face of an open project file. `engine/project` is the only code that opens one: one writer.
 * Implementation: open.ts and one file per table.
 */
import type { Annotations, Artifact, ArtifactKind, DtypeName } from '#common/domain/artifact.ts'
import type { SourceReference } from '#common/domain/dataset.ts'

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array

export interface ArraySpec {
  readonly dtype: DtypeName
  /** shape[0] is rows; none at all is a single number, which is read as one row. */
  readonly shape: readonly number[]
  /** Of float32: most numbers are zero, so a chunk keeps places and numbers where that is shorter. Who reads need not know. */
  readonly sparse?: boolean
  /** Rows per chunk; a chunk is one blob and should stay under 4 MB. Default: as many rows as make 1 MB. */
  readonly chunkRows?: number
}

/** Appends rows in order; `finish` checks that all rows of the shape came. Memory: one chunk. */
export interface ArrayWriter {
  append(values: NumberArray): void
  finish(): void
}

/** Reads rows [from, to) of a stored array, checking checksums. Memory: the result and one chunk. A float16 array is float32 in memory. */
export interface ArrayReader {
  readonly dtype: DtypeName
  readonly shape: readonly number[]
  readonly chunkRows: number
  read(from: number, to: number): NumberArray
  /** The same into an array of the right type and length, on shared memory if need be. */
  readInto(from: number, to: number, into: NumberArray): void
}

/** An artifact while it is made. Nothing of it is listed as done before `finish`, and `discard` leaves no trace. */
export interface Draft {
  readonly id: number
  writeArray(name: string, spec: ArraySpec): ArrayWriter
  /** Replaces a whole set of small arrays in one transaction with a JSON state: a checkpoint. `null` removes it. */
  saveCheckpoint(
    state: unknown,
    arrays: Readonly<Record<string, { dtype: DtypeName; shape: readonly number[]; values: NumberArray }>>,
  ): void
  loadCheckpoint(): { state: unknown; arrays: Record<string, { shape: readonly number[]; values: NumberArray }> } | null
  addMetrics(points: readonly { step: number; name: string; value: number }[]): void
  /** What it begins with: names and colours taken over from what it is made of. Changes later on go through the journal. */
  annotate(annotations: Annotations): void
}

export interface Project {
  readonly path: string
  readonly readOnly: boolean
  artifact(id: number): Artifact
  artifacts(): Artifact[]
  /** By number or by name. */
  find(reference: string): Artifact
  array(artifact: number, name: string): ArrayReader
  metrics(artifact: number, afterStep: number): { step: number; name: string; value: number }[]
  rename(id: number, name: string): Artifact
  annotate(id: number, annotations: Annotations): Artifact
  /** Where the source of a dataset is now; its content is the same. Goes through the journal. */
  relink(id: number, source: SourceReference): Artifact
  remove(id: number): number[]
  uniqueName(kind: ArtifactKind, wanted: string): string
}
