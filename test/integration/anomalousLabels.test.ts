/** Labels whose values have to be told to be anomalous: words such as ok, warning and fault, and numbers of classes. */
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Artifact } from '#common/domain/artifact.ts'
import { ComparisonMeta } from '#common/domain/comparison.ts'
import { choiceOf, ScoresMeta } from '#common/domain/scores.ts'
import { scoresText } from '#engine/cli/scoresText.ts'
import { rescoreOperation } from '#engine/operations/rescore.ts'
import { recipeOf } from '#engine/operations/recipe.ts'
import { scoreNodesOperation } from '#engine/operations/scoreNodes.ts'
import { scoreOperation } from '#engine/operations/score.ts'
import { createAnomalies } from '#engine/service/anomalies.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench, type Workbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()
const n = 600
/** Every 20th row is a fault, far off; every 10th other one a warning, a little off. */
const stateOf = (i: number): string => (i % 20 === 0 ? 'fault' : i % 10 === 0 ? 'warning' : 'ok')
const stepOf: Readonly<Record<string, number>> = { ok: 0, warning: 0.6, fault: 3 }

let bench: Workbench
let latents: Artifact
const metaOf = (artifact: Artifact): ScoresMeta => ScoresMeta.parse(artifact.meta)
const byLabels = (labels: string, anomalous?: string[]) => ({ rule: 'labels', labels, labelShare: 60, ...(anomalous && { anomalous }) })
const score = (params: Record<string, unknown>): Promise<Artifact> =>
  bench.compute('score', { latents: latents.id }, { explain: 0, ...params })
const chooseThreshold = createAnomalies({ project: () => bench.project, announce: (artifact) => artifact }).chooseThreshold

beforeAll(async () => {
  bench = openWorkbench(folder.file('labels.stratum'))
  const lines = Array.from({ length: n }, (_, i) => {
    const state = stateOf(i)
    const hidden = Math.sin(i / 7)
    const noise = (k: number): number => 0.1 * Math.sin(i * (k + 1.37))
    const columns = [hidden + noise(1) + (stepOf[state] ?? 0), 2 * hidden + noise(2), noise(3) - hidden]
    // Classes 1 … 5, of which 5 is a fault; and the same as a word and as 0 and 1.
    return [...columns, state, state === 'fault' ? 5 : 1 + (i % 4), Number(state === 'fault')].join(',')
  })
  writeFileSync(folder.file('machine.csv'), `a,b,c,state,class,flag\n${lines.join('\n')}\n`)
  const dataset = await bench.compute('import', {}, { path: folder.file('machine.csv') })
  const matrix = await bench.compute('prepare', { dataset: dataset.id }, { columns: ['a', 'b', 'c'] })
  const model = await bench.compute('train', { matrix: matrix.id }, { model: 'pca', settings: { components: 1 } })
  latents = await bench.compute('encode', { model: model.id })
})
afterAll(() => bench.close())

describe('a threshold by labels', () => {
  test('is the one of a flag that says the same, whatever the labels are called', async () => {
    const flag = metaOf(await score(byLabels('flag'))).choice
    for (const labels of [byLabels('state', ['fault']), byLabels('class', ['5'])]) {
      const choice = metaOf(await score(labels)).choice
      expect(choice).toEqual({ ...flag, anomalous: labels.anomalous })
    }
    // As usual, warnings would be anomalous as well.
    const usual = metaOf(await score(byLabels('state'))).choice
    expect(usual?.value).toBeLessThan(flag?.value ?? 0)
    expect(usual).not.toHaveProperty('anomalous')
    expect(flag).not.toHaveProperty('anomalous')
  })

  test('says which labels counted as anomalous, in a terminal and where labels judge it', async () => {
    const scores = await score(byLabels('state', ['fault', 'warning']))
    const words = 'where “fault”, “warning” count as anomalous'
    expect(metaOf(scores).thresholdRule).toContain(words)
    expect(scoresText(bench.project, scores)).toContain(words)
    const judged = await bench.compute('evaluate', { first: scores.id }, { labels: 'state', anomalous: ['fault'], replicates: 0 })
    const told = ComparisonMeta.parse(judged.meta).evaluation?.findings.find(({ code }) => code === 'THRESHOLD_FROM_LABELS')
    expect(told?.message).toContain(words)
  })

  test('is refused with what to set where the labels are classes alone, and with what there is where a value does not exist', async () => {
    await expect(score(byLabels('class'))).rejects.toMatchObject({
      code: 'DATA_UNSUITABLE',
      message: expect.stringMatching(/^Nothing says which rows are normal: the labels are .*“5”/),
      hint: expect.stringContaining('Anomalous are'),
      where: { parameter: 'anomalous' },
    })
    await expect(score(byLabels('state', ['Fault']))).rejects.toMatchObject({
      code: 'PARAMETER_INVALID',
      message: 'No row is labelled “Fault”.',
      hint: expect.stringContaining('ok'),
      where: { parameter: 'anomalous' },
    })
  })

  test('can be chosen on finished scores, is kept with them, and leaves its rows out where labels judge', async () => {
    const scores = await score({})
    const rule = byLabels('class', ['5'])
    const { choice } = await chooseThreshold({ scores: scores.id, rule, brief: false })
    const { labels, ...plain } = choice
    expect(plain).toEqual(metaOf(await score(rule)).choice)
    expect(labels).toMatchObject({ where: 'class', share: 60 })
    bench.project.annotate(scores.id, { threshold: choice.value, thresholdChoice: choice })
    const kept = bench.project.artifact(scores.id)
    expect(choiceOf(kept)?.anomalous).toEqual(['5'])
    expect(scoresText(bench.project, kept)).toMatch(/set to .*“5” counts as anomalous/)
    expect(recipeOf(bench.project, scores.id)).toMatch(/anomalous:\n\s+- "5"/)
    const judged = { labels: 'class', anomalous: ['5'], judge: 'unseen', replicates: 0 }
    const before = await bench.compute('evaluate', { first: scores.id }, judged)
    expect(ComparisonMeta.parse(before.meta).evaluation?.labels.leftOut).toBeGreaterThan(n / 2)
    // The same threshold by other labels is told anew.
    const { anomalous: _, ...older } = choice
    bench.project.annotate(scores.id, { threshold: choice.value, thresholdChoice: older })
    const after = await bench.compute('evaluate', { first: scores.id }, judged)
    expect(after.id).not.toBe(before.id)
    expect(JSON.stringify(after.meta)).not.toContain('“5” counts as anomalous')
  })
})

describe('scores that learn from labels', () => {
  test('learn the same from a flag and from labels that say the same, and keep what was said', async () => {
    const scores = await score({ method: 'ecod', space: 'prepared' })
    const learn = (labels: string, anomalous: string[] = []) =>
      bench.compute('rescore', { scores: scores.id }, { from: 'labels', labels, anomalous, labelShare: 60 })
    const [flag, state] = [await learn('flag'), await learn('state', ['fault'])]
    const all = (artifact: Artifact) => bench.project.array(artifact.id, 'score').read(0, n)
    expect(all(state)).toEqual(all(flag))
    expect(metaOf(state).learnedFrom).toEqual({ ...metaOf(flag).learnedFrom, anomalousLabels: ['fault'] })
    const warned = await learn('state')
    expect(metaOf(warned).learnedFrom?.anomalous).toBeGreaterThan(metaOf(state).learnedFrom?.anomalous ?? n)
    expect(metaOf(warned).learnedFrom).not.toHaveProperty('anomalousLabels')
    expect(scoresText(bench.project, state)).toContain('by labels, where “fault” counts as anomalous;')
    const judged = await bench.compute('evaluate', { first: state.id }, { labels: 'state', anomalous: ['fault'], replicates: 0 })
    const told = ComparisonMeta.parse(judged.meta).evaluation?.findings.find(({ code }) => code === 'SCORES_FROM_LABELS')
    expect(told?.message).toContain('where “fault” counts as anomalous')
    await expect(learn('class')).rejects.toMatchObject({ where: { parameter: 'anomalous' } })
  })
})

test('what was made before labels could be chosen is found again; what was chosen is one whatever its order', () => {
  for (const operation of [scoreOperation, scoreNodesOperation, rescoreOperation]) {
    const keyOf = (given: Record<string, unknown>) => operation.keyed?.(operation.params.parse(given) as never) as Record<string, unknown>
    expect(keyOf({}).anomalous).toBeUndefined()
    expect(keyOf({ anomalous: ['b', 'a', 'b'] }).anomalous).toEqual(['a', 'b'])
  }
})
