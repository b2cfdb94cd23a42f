/** Findings that every columnar format has. */
import type { Finding } from '#common/domain/dataset.ts'

/** Columns that cannot be used, each with its reason; one finding per reason, since a file of structures can have hundreds. */
export function leftOut(columns: ReadonlyMap<string, string>): Finding[] {
  return [...new Set(columns.values())].map((why) => {
    const names = [...columns].flatMap(([name, reason]) => (reason === why ? [name] : []))
    const list = names
      .slice(0, 8)
      .map((name) => `"${name}"`)
      .join(', ')
    const more = names.length > 8 ? ` and ${names.length - 8} more` : ''
    return {
      severity: 'warning' as const,
      code: 'COLUMN_LEFT_OUT',
      message: `Left out: ${list}${more}: ${why}.`,
      hint: 'Write them as numbers, text, dates or lists of numbers if they are needed.',
      where: { column: names[0] as string },
    }
  })
}
