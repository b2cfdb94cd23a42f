/** The threshold of finished scores, by a rule, by hand, or as it was recommended; the scores stay as they are. */
import type { Annotations, Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import type { ScoresMeta } from '#common/domain/scores.ts'
import { StratumError } from '#common/errors.ts'
import { parseParams } from '../operations/parameters.ts'
import { falseAlarmsAbove, chooseOn } from '../operations/score/chosen.ts'
import { countFlagged, openScores } from '../operations/score/findings.ts'
import { ruleParams } from '../operations/score/params.ts'
import { ruleWords } from '../operations/score/threshold.ts'
import type { Project } from '../project/project.ts'
import type { Call, Command, Output } from './command.ts'
import { usageError } from './parse.ts'
import { formatCount, formatTable } from './printer.ts'
import { between, short } from './scoresText.ts'
import { asPath, idleParameters, parameterLine, parametersOf, readValue, toOption, type Values } from './values.ts'
import { changingProject } from './workspace.ts'

const parameters = parametersOf(ruleParams)

export const thresholdCommand: Command = {
  name: 'threshold',
  usage: '<project> <scores> [value]',
  summary: 'Sets the threshold of finished scores: by a rule, to a value, or back to the recommended one.',
  options: [
    ...Object.entries(parameters).map(([name, info]) => ({
      name: toOption(name),
      value: '<value>',
      description: parameterLine(name, info)[1],
    })),
    { name: 'recommended', description: 'Back to the threshold that the scores were made with' },
  ],
  details: () =>
    'Rules go by the held-out rows and the seed of the scores, as `stratum score` does. Events and objects follow the threshold.',
  run: (call) => changingProject(call.arguments[0], (project) => setThreshold(project, call)),
}

async function setThreshold(project: Project, call: Call): Promise<Output> {
  const [, reference, value] = call.arguments
  const artifact = project.find(reference)
  if (artifact.kind !== 'scores')
    throw new StratumError(
      'ARTIFACT_KIND',
      `'${artifact.name}' is a ${artifact.kind}, and scores were expected.`,
      'List the artifacts with `stratum list`.',
      {
        artifact: artifact.id,
      },
    )
  const rule = givenRule(call)
  const ways = [value !== undefined, call.isSet('recommended'), Object.keys(rule).length > 0].filter(Boolean).length
  if (ways !== 1)
    throw usageError(
      ways === 0 ? 'No threshold is given.' : 'A rule, a value and --recommended exclude each other.',
      'For example --rule mad --deviations 8, or a number.',
    )
  const { threshold: recommended } = artifact.meta as unknown as ScoresMeta
  if (Object.keys(rule).length === 0)
    return said(project, call, artifact, { threshold: value === undefined ? recommended : readNumber(value) })
  const scores = await openScores(project, artifact, call.signal)
  const { choice } = await chooseOn(project, scores, rule, { signal: call.signal })
  return said(project, call, artifact, { threshold: choice.value, thresholdChoice: choice })
}

/** What was given of the rule, as its parameters take it. */
function givenRule(call: Call): Values {
  const given: Values = {}
  for (const [name, info] of Object.entries(parameters)) {
    const text = call.text(toOption(name))
    if (text !== undefined) given[name] = asPath(name, readValue(text, info))
  }
  // Without its rule, deviations would set the threshold by the percentile.
  const [idle] = idleParameters(parameters, Object.keys(given), parseParams('The threshold', ruleParams, given))
  if (idle !== undefined) throw usageError(idle, 'Name the rule: --rule.')
  return given
}

function readNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw usageError(`A threshold is a number; got '${text}'.`, 'For example 2.5.')
  return value
}

async function said(project: Project, { signal }: Call, before: Artifact, set: Annotations): Promise<Output> {
  const artifact = project.annotate(before.id, set)
  const scores = await openScores(project, artifact, signal)
  const { meta } = scores
  const threshold = set.threshold ?? meta.threshold
  const choice = set.thresholdChoice ?? (threshold === meta.threshold ? (meta.choice ?? null) : null)
  const flagged = await countFlagged(project, scores, threshold, signal)
  const falseAlarms = falseAlarmsAbove(project, scores, threshold)
  const nouns = rowNoun[(project.artifact(meta.dataset).meta as unknown as DatasetMeta).kind][1]
  const facts = [
    ['threshold', `${short(threshold)}${choice ? `, ${between(choice)} (${choice.intervalBy})` : ', set by hand'}`],
    ...(choice ? [['', ruleWords(choice)]] : []),
    ['flagged', `${formatCount(flagged)} of ${formatCount(meta.validRows)} ${nouns}`],
    ...(falseAlarms ? [['false alarms', `${short(falseAlarms.value)} in 1000 normal ${nouns}, ${between(falseAlarms)}`]] : []),
  ]
  return {
    result: { artifact: artifact.id, threshold, choice, flagged, falseAlarmsPer1000: falseAlarms },
    text: formatTable(facts.map(([label, text]) => [`  ${label}`, text])),
  }
}
