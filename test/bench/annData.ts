/**
 * Results of many cells as AnnData: seconds, bytes of the file, and how much memory the export adds, for 10⁵ and 10⁶ cells with 2000 genes of
 * which 5 % are not zero.
 *
 *   node test/bench/annData.ts [--cells 100000,1000000] [--keep FOLDER]
 *
 * Each size runs in a process of its own; memory is what the process has beyond the moment before the export, looked at every 20 ms.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { annData, dataframe } from '#engine/export/h5ad/elements.ts'
import { codeWriter } from '#engine/export/h5ad/columns.ts'
import { csrWriter } from '#engine/export/h5ad/matrix.ts'
import { createHdf5 } from '#engine/export/hdf5/file.ts'
import { cellResults } from '../helpers/cellResults.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const genes = 2000
const rowsAtOnce = 1000
const after = (flag: string, otherwise: string): string =>
  process.argv.includes(flag) ? (process.argv[process.argv.indexOf(flag) + 1] ?? otherwise) : otherwise

async function makeData(path: string, cells: number): Promise<void> {
  const out = await createHdf5(path, 1)
  const [names, geneNames, matrix] = [out.array('text'), out.array('text'), csrWriter(out, genes, null)]
  const batch = codeWriter(out, ['a', 'b', 'c'])
  let state = 1
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 4_294_967_296
  }
  await geneNames.append(Array.from({ length: genes }, (_, j) => `GENE${j}`))
  for (let from = 0; from < cells; from += rowsAtOnce) {
    await matrix.append(Float32Array.from({ length: rowsAtOnce * genes }, () => (next() < 0.05 ? 1 + Math.floor(9 * next() ** 3) : 0)))
    await names.append(Array.from({ length: rowsAtOnce }, (_, i) => `ACGT${from + i}-1`))
    await batch.append(Int32Array.from({ length: rowsAtOnce }, (_, i) => i % 3))
  }
  const obs = dataframe(await names.finish(), [['batch', await batch.finish()]])
  await out.finish(annData({ X: await matrix.finish(), obs, var: dataframe(await geneNames.finish(), []), obsm: {}, uns: {} }))
}

async function measure(folder: string, cells: number): Promise<void> {
  const path = join(folder, `${cells}.h5ad`)
  await makeData(path, cells)
  const bench = openWorkbench(join(folder, `${cells}.stratum`))
  try {
    const dataset = await bench.compute('import', {}, { path })
    const { classes, scores, umap } = cellResults(bench.project, dataset.id, cells)
    for (const matrix of ['with', 'without']) {
      const before = process.memoryUsage.rss()
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage.rss())
      }, 20)
      const out = join(folder, `${cells}-out.h5ad`)
      const began = performance.now()
      await bench.compute('export', { source: classes, with1: scores, with2: umap }, { path: out, matrix })
      clearInterval(watch)
      const seconds = (performance.now() - began) / 1000
      const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`
      process.stdout.write(
        `${cells} cells, ${matrix} the matrix: ${seconds.toFixed(1)} s, file ${megabytes(statSync(out).size)}, memory ${megabytes(before)} before and ${megabytes(peak - before)} more\n`,
      )
    }
  } finally {
    await bench.close()
  }
}

const folder = after('--keep', '') || mkdtempSync(join(tmpdir(), 'stratum-anndata-'))
mkdirSync(folder, { recursive: true })
if (process.argv.includes('--one')) await measure(folder, Number(after('--one', '0')))
else {
  for (const cells of after('--cells', '100000,1000000').split(','))
    spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--one', cells, '--keep', folder], { stdio: 'inherit' })
  if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true })
}
