/**
 * How well unusual rows of ADBench's tables are found, as the area under the ROC curve.
 *
 *   node test/bench/anomaly.ts [--only 14_glass,45_wine] [--seeds 3] [--rows 2000] [--detectors knn,lof] [--set name=value]…
 *   node test/bench/anomaly.ts --pyod [--only …] [--detectors knn,lof] [--seeds 400]
 *
 * The first learns from half of the ordinary rows (at most --rows of them), standardised by that half, and judges the other half and all
 * unusual rows; means over splits. It shows the standard setting, the error of its autoencoder alone, and every detector by itself on
 * the prepared columns. The second holds detectors beside PyOD (test/fixtures/detectors/pyod.json): learned from whole tables, judged on
 * the same rows; those with chance by means over as many seeds as bring standard errors to 0.003 (400 at most). Bars: the autoencoder's
 * error 0.93; the standard setting 0.005 below neighbours of prepared columns at most; PyOD's area within 0.01.
 */
import { detectors } from '#engine/analysis/detectors/registry.ts'
import { standardAnomalies } from '#engine/analysis/detectors/standard.ts'
import { adbenchNames, adbenchTable, halfOfNormals } from '../helpers/adbench.ts'
import { areaOf, areasBesidePyod, detected, pyodReference, trainOn } from '../helpers/anomalyTable.ts'

const option = (name: string): string | null => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null)
const listed = (name: string): string[] | null => option(name)?.split(',') ?? null
const names = adbenchNames().filter((name) => listed('--only')?.includes(name) ?? true)
const write = (line: string): void => void process.stdout.write(`${line}\n`)
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const row = (first: string, cells: readonly string[], last = ''): string =>
  `${first.padEnd(16)}${cells.map((cell) => cell.padStart(13)).join('')}  ${last}`

/** Of a difference of means: what 0.01 can be told with. */
const mostError = 0.005

async function besidePyod(): Promise<void> {
  const ids = Object.keys(Object.values(pyodReference.areas)[0]).filter((id) => listed('--detectors')?.includes(id) ?? true)
  write(`ours / PyOD ${pyodReference.versions.pyod}, scikit-learn ${pyodReference.versions['scikit-learn']}`)
  write(row('', ids))
  let apart = 0
  const uncertain: string[] = []
  for (const name of names) {
    const cells: string[] = []
    for (const id of ids) {
      const { ours, theirs, error, agrees } = await areasBesidePyod(name, id, Number(option('--seeds') ?? 400))
      if (!agrees) apart++
      if (error > mostError) uncertain.push(`${name} ${id} ±${error.toFixed(3)}`)
      cells.push(`${ours.toFixed(3)}/${theirs.toFixed(3)}${agrees ? '' : '!'}`)
    }
    write(row(name, cells))
  }
  write(apart === 0 ? 'All agree within 0.01.' : `${apart} DO NOT AGREE within 0.01 (!)`)
  if (uncertain.length > 0) write(`Standard error of the difference above ${mostError}, seeds are too few to tell: ${uncertain.join(', ')}`)
}

/** What is shown: the figure of one split. */
const singles: readonly { readonly title: string; readonly id: string; readonly params?: Readonly<Record<string, unknown>> }[] = [
  ...detectors.map(({ id }) => ({
    title: ({ 'isolation-forest': 'iforest', 'gaussian-mixture': 'gmm' } as Record<string, string>)[id] ?? id,
    id,
  })),
  { title: 'pca (PyOD)', id: 'pca', params: { pcaScore: 'weighted' } },
].filter(({ id }) => id === standardAnomalies.method || (listed('--detectors')?.includes(id) ?? true))

async function standardTable(): Promise<void> {
  const seeds = Array.from({ length: Number(option('--seeds') ?? 3) }, (_, i) => i + 1)
  const most = Number(option('--rows') ?? 2000)
  const settings = Object.fromEntries(
    process.argv.flatMap((argument, i) => {
      if (process.argv[i - 1] !== '--set') return []
      const [name, value] = argument.split('=')
      return [[name, JSON.parse(value)]]
    }),
  )
  const { model, preset, method, space, params } = standardAnomalies
  write(`${model}, ${preset}; ${method} of ${space}; at most ${most} rows to learn from, ${seeds.length} splits`)
  write(row('', ['ae error', 'standard', ...singles.map(({ title }) => title)], 'training'))
  const table: number[][] = []
  for (const name of names) {
    const whole = await adbenchTable(name)
    const splits: number[][] = []
    let seconds = 0
    for (const seed of seeds) {
      const { learn, judge } = halfOfNormals(whole, seed, most)
      const trained = await trainOn(learn, judge, { model, preset, settings }, seed)
      seconds += trained.seconds
      const areas = [areaOf(trained.judge.error, judge), areaOf(await detected(method, params, space, trained, seed), judge)]
      for (const { id, params: own } of singles) areas.push(areaOf(await detected(id, own ?? {}, 'prepared', trained, seed), judge))
      splits.push(areas)
    }
    const means = splits[0].map((_, i) => mean(splits.map((areas) => areas[i])))
    table.push(means)
    write(
      row(
        name,
        means.map((area) => area.toFixed(3)),
        `${(seconds / seeds.length).toFixed(1)} s`,
      ),
    )
  }
  const means = table[0].map((_, i) => mean(table.map((areas) => areas[i])))
  write(
    row(
      'mean',
      means.map((area) => area.toFixed(4)),
    ),
  )
  const [error, standard] = means
  const neighbours = means[2 + singles.findIndex(({ id }) => id === 'knn')]
  write(`The autoencoder's error is ${error >= 0.93 ? 'at least' : 'BELOW'} 0.93.`)
  write(
    `The standard setting is ${(standard - neighbours >= 0 ? '+' : '') + (standard - neighbours).toFixed(4)} beside neighbours of prepared columns, ${standard >= neighbours - 0.005 ? 'within' : 'BELOW'} the bar of −0.005: they tie.`,
  )
}

await (process.argv.includes('--pyod') ? besidePyod() : standardTable())
