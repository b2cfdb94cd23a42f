/** Titles and ways out for files that cannot be read, by error code. */
import type { ErrorReport } from '#common/errors.ts'
import { importer } from '../../lib/app.ts'
import { native } from '../../lib/bridge.ts'
import type { Fix } from '../../ui/ErrorPanel.svelte'

const titles: Readonly<Record<string, string>> = {
  FILE_NOT_FOUND: 'There is no such file any more',
  FILE_UNREADABLE: 'The file may not be opened',
  FILE_EMPTY: 'The file is empty',
  FORMAT_UNKNOWN: 'No reader knows this kind of file',
  FORMAT_UNSUPPORTED: 'This variant of the format is not read',
  FILE_CORRUPT: 'The file is damaged',
  FILE_TRUNCATED: 'The file ends too early',
  DATA_UNSUITABLE: 'There is nothing to learn from in this file',
  MEMORY_EXCEEDED: 'The file needs more memory than there is',
}

export const errorTitle = (code: string, name: string): string => titles[code] ?? `${name} could not be read`

/** The hint first; then what always helps with a file. */
export function fixesForFile(report: ErrorReport): Fix[] {
  const { path } = importer
  const again: Fix = {
    title: report.hint,
    reason: 'Then read it again.',
    button: 'Read again',
    run: () => void importer.readAgain(),
  }
  const other: Fix = {
    title: 'Choose another file',
    reason:
      report.code === 'FORMAT_UNKNOWN' ? report.hint : 'A copy, another export of the same data, or one of the formats on the start page.',
    button: 'Choose…',
    run: () => {
      void importer.dismiss()
      void importer.chooseFiles()
    },
  }
  const folder: Fix = {
    title: 'Look at the file in its folder',
    reason: 'Its size and date often tell whether a copy was cut off.',
    button: 'Show',
    run: () => {
      if (path) void native.revealFile({ path })
    },
  }
  if (report.code === 'FORMAT_UNKNOWN') return [other, folder]
  return report.code === 'FILE_NOT_FOUND' ? [other, again] : [again, other, folder]
}
