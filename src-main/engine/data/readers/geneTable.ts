/** Counts as text with genes as rows and cells as columns, plain or gzipped: how many studies deposit them. */
import { z } from 'zod'
import type { Reader } from '../dataset.ts'
import { looksLikeGeneTable } from './geneTable/probe.ts'

const options = z.object({
  delimiter: z
    .enum(['auto', 'tab', 'comma', 'semicolon', 'space'])
    .default('auto')
    .meta({ title: 'Delimiter', description: 'What stands between values; found from the first line by default.' }),
})

/** Chosen by itself when the first line names cells by barcodes; any other table can be opened so by choosing this format. */
export const geneTable: Reader = {
  id: 'gene-table',
  title: 'Genes × cells text table',
  kind: 'cells',
  extensions: ['tsv', 'txt', 'csv', 'tsv.gz', 'txt.gz', 'csv.gz'],
  options,
  probe: (head) => (looksLikeGeneTable(head) ? 2 : 0),
  async open(path, chosen, signal) {
    const { openGeneTable } = await import('./geneTable/open.ts')
    return openGeneTable(path, options.parse(chosen), signal)
  },
}
