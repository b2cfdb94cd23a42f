/** Names of columns as a file gives them, made usable: none empty, none twice. */
import type { Finding } from '#common/domain/dataset.ts'

/** Empty names are numbered, repeated ones get ' (2)'; `findings` says so. */
export function usableNames(given: readonly string[], findings: Finding[]): string[] {
  const taken = new Set<string>()
  const doubled = new Set<string>()
  let unnamed = 0
  const names = given.map((raw, i) => {
    const name = raw.trim()
    if (name === '') unnamed++
    const wanted = name || `column ${i + 1}`
    let unique = wanted
    for (let times = 2; taken.has(unique); times++) {
      doubled.add(wanted)
      unique = `${wanted} (${times})`
    }
    taken.add(unique)
    return unique
  })
  if (unnamed > 0)
    findings.push({
      severity: 'warning',
      code: 'MISSING_HEADERS',
      message: `${unnamed} columns have no name and are numbered.`,
      hint: 'Name them in the file.',
    })
  if (doubled.size > 0)
    findings.push({
      severity: 'warning',
      code: 'DUPLICATE_HEADERS',
      message: `Names come more than once: ${[...doubled].slice(0, 5).join(', ')}. A number is added.`,
      hint: 'Check that these are different measurements.',
    })
  return names
}

const labelNames =
  /^(?:(?:(?:.*[ _-])?(?:labels?|class(?:es)?|targets?)|y)(?:[ _-]?(?:train|test|val))?|ground[ _-]?truth|gt|annotations?|cell[ _-]?types?|species)$/i

/** Whether a column beside vectors is called as labels usually are. */
export const isLabelName = (name: string): boolean => labelNames.test(name.trim())
