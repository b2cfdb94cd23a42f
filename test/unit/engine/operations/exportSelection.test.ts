import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { gridOf } from '../../../helpers/memorySource.ts'
import { storedArtifact } from '../../../helpers/storedArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'
import { openWorkbench } from '../../../helpers/workbench.ts'

const folder = temporaryFolder()

test('a table of a selection holds its rows and no others', async () => {
  const bench = openWorkbench(folder.file('p.stratum'))
  try {
    const { project } = bench
    const rows = 12
    const dataset = storedArtifact(project, 'dataset', { rows, kind: 'raster', grid: gridOf(4, 3), metadataFields: [], columns: [] })
    const other = storedArtifact(project, 'dataset', { rows, kind: 'raster', grid: gridOf(4, 3), metadataFields: [], columns: [] })
    const labels = Uint16Array.from({ length: rows }, (_, i) => i % 4)
    const clustering = storedArtifact(
      project,
      'clustering',
      { dataset, k: 3, classes: [1, 2, 3].map((id) => ({ id })) },
      { labels: { dtype: 'uint16', shape: [rows], values: labels } },
    )
    const path = folder.file('rows.csv')
    const within = { dataset, all: [{ kind: 'classes', artifact: clustering, classes: [2] }] }
    await bench.compute('export', { source: clustering }, { path, within })
    expect(readFileSync(path, 'utf8').trim().split(/\r?\n/)).toEqual([
      'pixel_index,column,line,class,class_name',
      '2,2,0,2,Class 2',
      '6,2,1,2,Class 2',
      '10,2,2,2,Class 2',
    ])
    await expect(
      bench.compute('export', { source: clustering }, { path, within: { dataset: other, all: [{ kind: 'rows', rows: [1] }] } }),
    ).rejects.toMatchObject({ code: 'PARAMETER_INVALID' })
  } finally {
    await bench.close()
  }
})
