/** The open project, what is in it and what is said of it. */
import { z } from 'zod'
import { Annotations, Artifact, longestName } from '../../domain/artifact.ts'
import { id, none } from './values.ts'

export const ProjectInfo = z.object({
  path: z.string(),
  name: z.string(),
  readOnly: z.boolean(),
  sizeBytes: z.number(),
  createdAt: z.string(),
  undo: z.string().nullable(),
  redo: z.string().nullable(),
})
export type ProjectInfo = z.output<typeof ProjectInfo>

export const projectCalls = {
  createProject: { input: z.object({ path: z.string() }), output: ProjectInfo },
  openProject: { input: z.object({ path: z.string(), readOnly: z.boolean().default(false) }), output: ProjectInfo },
  closeProject: { input: none, output: none },
  project: { input: none, output: ProjectInfo.nullable() },
  listArtifacts: { input: none, output: z.array(Artifact) },
  renameArtifact: { input: z.object({ artifact: id, name: z.string().min(1).max(longestName) }), output: Artifact },
  annotateArtifact: { input: z.object({ artifact: id, annotations: Annotations }), output: Artifact },
  /** Deletes it and everything made from it; undo is not possible, so the window asks first. */
  deleteArtifact: { input: z.object({ artifact: id }), output: z.object({ deleted: z.array(id) }) },
  undo: { input: none, output: ProjectInfo },
  redo: { input: none, output: ProjectInfo },
  getSetting: { input: z.object({ key: z.string() }), output: z.unknown() },
  setSetting: { input: z.object({ key: z.string(), value: z.json() }), output: none },
  /** Every chunk's checksum, every edge, every foreign key. */
  verify: { input: none, output: z.object({ artifacts: z.int(), chunks: z.int(), problems: z.array(z.string()) }) },
  /** The graph behind an artifact as a YAML recipe. */
  recipe: { input: z.object({ artifact: id }), output: z.object({ yaml: z.string() }) },
} as const
