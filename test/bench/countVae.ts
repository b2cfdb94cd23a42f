/**
 * How well cells of known kinds are grouped by what the count autoencoder makes of them, beside its codes and PCA of the log-normalised
 * counts: adjusted Rand index of k-means with the true k, over 5 seeds. Everything goes through the operations.
 *
 *   node test/bench/countVae.ts [--only pbmc|worm] [--seeds 5] [--set name=value]…
 *
 * Bars for the medians of the decoded profiles: 0.76 (PBMC) and 0.58 (worm neurons). PCA of the counts gives 0.777 and 0.438
 * with scikit-learn. Seconds are those of the training, the comparison with PCA included.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { groupedThreeWays, median, type SeedRow, type Way, ways } from '../helpers/countTable.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const option = (name: string): string | null => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null)
const only = option('--only')
const seeds = Array.from({ length: Number(option('--seeds') ?? 5) }, (_, i) => i + 1)
const settings = Object.fromEntries(
  process.argv.flatMap((argument, i) => {
    if (process.argv[i - 1] !== '--set') return []
    const [name, value] = argument.split('=')
    return [[name, JSON.parse(value)]]
  }),
)
const cases = [
  { name: 'pbmc', title: 'PBMC, 4271 cells, 8 kinds', file: 'singlecell/labelled/scdcc/10X_PBMC_top2000.h5', k: 8, bar: 0.76 },
  {
    name: 'worm',
    title: 'Worm neurons, 4186 cells, 10 kinds',
    file: 'singlecell/labelled/scdcc/worm_neuron_cell_top2000.h5',
    k: 10,
    bar: 0.58,
  },
].filter(({ name }) => only === null || name === only)

const titles: Readonly<Record<Way, string>> = { decoded: 'decoded profiles', codes: 'codes', counts: 'PCA of counts' }
const line = (first: string, numbers: readonly string[]): string => `  ${first.padEnd(8)}${numbers.map((n) => n.padStart(18)).join('')}\n`
const figure = (value: number): string => value.toFixed(3)

const folder = mkdtempSync(join(tmpdir(), 'stratum-counts-'))
try {
  for (const { name, title, file, k, bar } of cases) {
    process.stdout.write(`${title}\n${line('seed', [...ways.map((way) => titles[way]), 'passes', 'seconds'])}`)
    const print = ({ seed, ari, epochs, seconds }: SeedRow): void =>
      void process.stdout.write(line(String(seed), [...ways.map((way) => figure(ari[way])), String(epochs), seconds.toFixed(1)]))
    const bench = openWorkbench(join(folder, `${name}.stratum`))
    const rows = await groupedThreeWays(bench, file, k, seeds, { settings, done: print })
    await bench.close()
    const medians = Object.fromEntries(ways.map((way) => [way, median(rows.map(({ ari }) => ari[way]))])) as Record<Way, number>
    process.stdout.write(
      line(
        'median',
        ways.map((way) => figure(medians[way])),
      ),
    )
    process.stdout.write(`  ${medians.decoded >= bar ? 'at least' : 'BELOW'} the bar of ${bar}\n\n`)
  }
} finally {
  rmSync(folder, { recursive: true })
}
