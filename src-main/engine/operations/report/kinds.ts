/** The kind of every unit of a code, as a report stores it: by its place in this list. */
import type { Artifact } from '#common/domain/artifact.ts'
import { type ReportMeta, UnitKind } from '#common/domain/report.ts'
import type { Draft, Project } from '../../project/project.ts'

const kinds = UnitKind.options

export function writeUnitKinds(draft: Draft, units: readonly UnitKind[]): void {
  const writer = draft.writeArray('unitKind', { dtype: 'uint8', shape: [units.length] })
  writer.append(Uint8Array.from(units, (kind) => kinds.indexOf(kind)))
  writer.finish()
}

export function unitKinds(project: Project, report: Artifact): UnitKind[] {
  const { codeSize } = report.meta as unknown as ReportMeta
  return Array.from(project.array(report.id, 'unitKind').read(0, codeSize), (place) => kinds[place])
}
