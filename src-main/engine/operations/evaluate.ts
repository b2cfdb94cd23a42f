/**
 * Evaluate: how far class maps and anomaly scores agree with labels, with intervals, tables, curves, and what to know before believing
 * it. The rows of the table are whatever results are given, so a model stands beside its baseline.
 * Memory: two bytes per row for the labels (six while polygons are read), and one result at a time: of a class map a block, of scores up to
 * eight bytes for each labelled row; of scenes and series two for each row as well.
 */
import type { ComparisonMeta } from '#common/domain/comparison.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { columnsFor } from '#common/domain/measures.ts'
import { StratumError } from '#common/errors.ts'
import type { Draft } from '../project/project.ts'
import { defineOperation, type InputDeclaration } from './define.ts'
import { type EvaluatedFigures, evaluateClasses } from './evaluate/classes.ts'
import { findingsOf } from './evaluate/findings.ts'
import { evaluateParams } from './evaluate/params.ts'
import { evaluateScores } from './evaluate/scores.ts'
import { truthFor } from './evaluate/truth.ts'
import { counted, grouped } from './evaluate/words.ts'
import { keyedLabels, labelsIdentity } from './labels.ts'

const rowsAtOnce = 2 ** 20

const roles = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth'] as const

const result = (optional: boolean): InputDeclaration => ({
  kinds: ['clustering', 'scores'],
  optional,
  description: 'A class map or anomaly scores',
})

export const evaluateOperation = defineOperation({
  id: 'evaluate',
  version: 9,
  title: 'Compare with labels',
  summary: 'Measures class maps and anomaly scores against labels, with intervals, and warns where the labels had a say in them.',
  citation:
    'Hubert & Arabie 1985 (ARI); Vinh, Epps & Bailey 2010 (AMI); Olofsson et al. 2014 (area-adjusted accuracy); DeLong et al. 1988 (AUC); Efron & Tibshirani 1993 (bootstrap); Wilson 1927 (shares); Hall 1985, Carlstein 1986, Hesterberg 2015 (block bootstrap)',
  inputs: Object.fromEntries(roles.map((role, i) => [role, result(i > 0)])),
  params: evaluateParams,
  produces: 'comparison',
  ignores: ['device'],
  // Labels that lie in a file belong to the key: the file may change.
  keyed: (given) => ({ ...given, labels: keyedLabels(given.labels) }),
  // A threshold that someone moved is no part of the scores' key.
  async identity({ labels }, inputs) {
    const moved = Object.entries(inputs).flatMap(([role, { annotations }]) =>
      annotations.threshold === undefined
        ? []
        : [
            [role, annotations.threshold, annotations.thresholdChoice?.rule, ...(annotations.thresholdChoice?.anomalous ?? [])]
              .join(' ')
              .trim(),
          ],
    )
    return [await labelsIdentity(labels), ...moved].join(' ').trim()
  },
  nameFor: ({ labels }) => `against ${fileOf(labels)}`,
  async run(ctx) {
    const { params, project, signal } = ctx
    const artifacts = roles.map((role) => ctx.inputs[role]).filter((a) => a !== undefined)
    const datasets = new Set(artifacts.map((a) => a.meta.dataset as number))
    if (datasets.size > 1)
      throw new StratumError('ARTIFACT_KIND', 'The results belong to different datasets.', 'Compare results of one dataset.')
    const dataset = project.artifact([...datasets][0])
    const noun = rowNoun[(dataset.meta as unknown as DatasetMeta).kind]
    const reading = (done: number): void => ctx.report({ stage: 'Reading labels', fraction: null, done, unit: noun[1] })
    reading(0)
    const truth = await truthFor(project, dataset, artifacts, params, signal, reading)
    keepLabels(ctx.draft, truth.ids)
    const evaluated: EvaluatedFigures[] = []
    for (const [i, artifact] of artifacts.entries()) {
      const report = (f: number): void => ctx.report({ stage: `Comparing ${artifact.name}`, fraction: (i + f) / artifacts.length })
      const evaluate = artifact.kind === 'clustering' ? evaluateClasses : evaluateScores
      evaluated.push(await evaluate(ctx, artifact, truth, i, report))
    }
    checkJudged(evaluated)
    const rows = artifacts.map(({ id, name }, i) => ({
      name,
      artifact: id,
      figures: evaluated[i].figures,
      ...(Object.keys(evaluated[i].intervals).length > 0 && { intervals: evaluated[i].intervals }),
    }))
    const { ids, names, isAnomalous, leftOut } = truth
    const sizes = new Array<number>(names.length).fill(0)
    for (const id of ids) if (id >= 0) sizes[id]++
    const labelled = sizes.reduce((a, b) => a + b, 0)
    const results = evaluated.map((one) => one.result)
    const drawn = evaluated.flatMap(({ replicates }) => replicates ?? [])
    const blocks = evaluated.flatMap((one, row) => (one.blocks ? [{ row, ...one.blocks }] : []))
    const findings = findingsOf({ project, dataset, artifacts, truth, sizes, evaluated, params, signal })
    const leaks = findings.some(({ severity, code }) => severity === 'warn' && code !== 'ONE_CLASS' && code !== 'NOT_JUDGED')
    const comparison: ComparisonMeta = {
      title: `${dataset.name} against ${fileOf(params.labels)}`,
      basis: `${counted(labelled, noun)} with a label, ${names.length} classes${
        leftOut > 0 ? `, ${counted(leftOut, noun)} with a part in the results left out` : ''
      }; ${leaks ? 'the labels had a say in some of these results, see the warnings.' : 'nothing in this project says that they were used to make the results.'}`,
      rows,
      columns: columnsFor(rows.flatMap(({ figures }) => Object.keys(figures).filter((key) => figures[key] !== null))),
      dataset: dataset.id,
      evaluation: {
        labels: {
          where: params.labels,
          field: params.field,
          names: [...names],
          rows: sizes,
          anomalous: results.some(({ kind }) => kind === 'scores') ? [...names.keys()].filter((j) => isAnomalous?.[j]) : [],
          leftOut,
        },
        results,
        intervals:
          drawn.length === 0
            ? null
            : {
                level: 0.95,
                replicates: Math.min(...drawn),
                seed: ctx.seed,
                how: howDrawn(
                  evaluated,
                  artifacts.map(({ name }) => name),
                  noun[1],
                ),
                ...(blocks.length > 0 && { blocks }),
              },
        findings,
      },
    }
    return comparison
  },
})

/** Classes are judged where scores cannot be, but something has to be. */
function checkJudged(evaluated: readonly EvaluatedFigures[]): void {
  const [first, ...others] = evaluated.map(({ result }) => result)
  if (first.kind === 'unjudged' && others.every(({ kind }) => kind === 'unjudged'))
    throw new StratumError('DATA_UNSUITABLE', first.reason, first.hint, { parameter: first.parameter })
}

/** So that rows of a cell of the table can be selected: 0 where there is no label, else one more than its position among the names. */
function keepLabels(draft: Draft, ids: Int16Array): void {
  const writer = draft.writeArray('labelled', { dtype: 'uint16', shape: [ids.length] })
  for (let from = 0; from < ids.length; from += rowsAtOnce)
    writer.append(Uint16Array.from(ids.subarray(from, from + rowsAtOnce), (id) => id + 1))
  writer.finish()
}

/** How the samples behind the intervals were drawn, result by result where they differ. */
function howDrawn(evaluated: readonly EvaluatedFigures[], names: readonly string[], rows: string): string {
  const drawn = evaluated.filter(({ replicates }) => replicates !== null)
  const inBlocks = evaluated.flatMap(({ blocks }, i) =>
    blocks ? [{ name: names[i], text: `${grouped(blocks.count)} blocks ${blocks.side} ${rows} wide` }] : [],
  )
  const oneByOne =
    'stratified percentile bootstrap; shares of rows (precision, recall, false alarms, producer’s and user’s accuracy) after Wilson, the area under the ROC curve after DeLong, area-adjusted accuracy by its standard error'
  if (inBlocks.length === 0) return oneByOne
  const sizes = new Set(inBlocks.map(({ text }) => text))
  const which = sizes.size === 1 ? [...sizes][0] : inBlocks.map(({ name, text }) => `${text} for “${name}”`).join(', ')
  const block = `bootstrap of whole blocks, since neighbouring ${rows} are mostly right or wrong together, by percentiles that are widened for few blocks (Hesterberg 2015): ${which}`
  return inBlocks.length === drawn.length ? block : `${block}; else ${oneByOne}`
}

const fileOf = (labels: string): string => labels.split(/[\\/]/).pop() as string
