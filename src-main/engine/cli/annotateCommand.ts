/** `annotate`: what someone says of a result, as the window keeps it too. It can be undone there, and no key depends on it. */
import type { Annotations, Artifact, LegendEntry } from '#common/domain/artifact.ts'
import { StratumError } from '#common/errors.ts'
import { legendOf } from '../operations/export/legend.ts'
import type { Call, Command } from './command.ts'
import { pageOf } from './pages.ts'
import { usageError } from './parse.ts'
import { changingProject } from './workspace.ts'

export const annotateCommand: Command = {
  name: 'annotate',
  usage: '<project> <artifact>',
  summary: 'Names and colours classes, or notes something; what was said before stays.',
  options: [
    { name: 'class', value: '<n=name>', many: true, description: 'Name of a class of a clustering, as often as needed' },
    { name: 'colour', value: '<n=#rrggbb>', many: true, description: 'Colour of a class of a clustering, as often as needed' },
    { name: 'note', value: '<text>', description: 'A note on anything' },
  ],
  run: (call) =>
    changingProject(call.arguments[0], (project) => {
      const before = project.find(call.arguments[1])
      const said = annotationsOf(before, call)
      if (Object.keys(said).length === 0) throw usageError('There is nothing to say.', 'Give --class, --colour or --note.')
      const artifact = project.annotate(before.id, said)
      return { result: artifact, text: pageOf(project, artifact) || `${artifact.id} ${artifact.name}` }
    }),
}

function annotationsOf(artifact: Artifact, call: Call): Annotations {
  const [names, colours, note] = [call.texts('class'), call.texts('colour'), call.text('note')]
  return {
    ...(names.length + colours.length > 0 && { legend: legendWith(artifact, names, colours) }),
    ...(note !== undefined && { note }),
  }
}

function legendWith(artifact: Artifact, names: readonly string[], colours: readonly string[]): LegendEntry[] {
  if (artifact.kind !== 'clustering')
    throw new StratumError('ARTIFACT_KIND', `'${artifact.name}' is ${artifact.kind} and has no classes.`, 'Name a clustering.', {
      artifact: artifact.id,
    })
  const legend = legendOf(artifact)
  const change = (text: string, what: string, to: (value: string) => Partial<LegendEntry>): void => {
    const [id, value] = [Number(text.slice(0, text.indexOf('='))), text.slice(text.indexOf('=') + 1)]
    const at = legend.findIndex((entry) => entry.id === id)
    if (!text.includes('=') || at < 0)
      throw usageError(
        `--${what} needs the number of a class and what it becomes; got '${text}'.`,
        `Classes are numbered from 1 to ${legend.length}, for example --${what} 1=${what === 'class' ? 'water' : '#1f77b4'}.`,
      )
    legend[at] = { ...legend[at], ...to(value) }
  }
  for (const text of names) change(text, 'class', (name) => ({ name }))
  for (const text of colours)
    change(text, 'colour', (colour) => {
      if (/^#[0-9a-f]{6}$/i.test(colour)) return { colour }
      throw usageError(`'${colour}' is no colour.`, 'Write it as six hexadecimal digits, such as #1f77b4.')
    })
  return legend
}
