/** What can be done with any result, wherever it is listed. */
import type { Artifact } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import { deletion, session } from './app.ts'

/** For the menu at the head of a list, of the result that is chosen in it. */
export const resultMenu = (artifact: Artifact) => [
  {
    label: 'Delete…',
    icon: 'trash' as const,
    shortcut: 'Del',
    dangerous: true,
    disabled: session.project?.readOnly ?? false,
    run: () => deletion.ask(artifact),
  },
]

/** For an item of such a list: a double click or F2 renames it, Del asks whether to delete it. Nothing in a project opened to be read. */
export const resultKeys = (artifact: Artifact): { onrename?: (name: string) => void; ondelete?: () => void } =>
  session.project?.readOnly ? {} : { onrename: (name) => void session.rename(artifact, name), ondelete: () => deletion.ask(artifact) }

/** Where what is stored of a result is damaged, reading it again helps nothing: it is computed again. */
export function damageFixes(report: Pick<ErrorReport, 'where'> & { readonly code: string }) {
  const artifact = report.code === 'PROJECT_CORRUPT' ? session.byId.get(Number(report.where.artifact)) : undefined
  if (!artifact || session.project?.readOnly) return []
  return [
    {
      title: `Compute ${artifact.name} again`,
      reason: 'What is stored of it is damaged. It and what was made from it are deleted first. A backup of the project has it still.',
      button: 'Compute again…',
      run: () => deletion.ask(artifact, true),
    },
  ]
}
