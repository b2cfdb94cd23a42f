/** Every damaged file of the catalogue through the import operation: a whole dataset or nothing, and always an answer. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DatasetMeta } from '#common/domain/dataset.ts'
import { StratumError } from '#common/errors.ts'
import { hasSharedData, sharedData } from '../helpers/sharedData.ts'
import { temporaryFolder } from '../helpers/temporaryFolder.ts'
import { openWorkbench } from '../helpers/workbench.ts'

const folder = temporaryFolder()

it.skipIf(!hasSharedData)(
  'imports what can be read whole, refuses the rest with code, place and hint, and leaves nothing half-made',
  { timeout: 400_000 },
  async () => {
    const { compute, project, close } = openWorkbench(folder.file('malformed.stratum'))
    const files = readdirSync(sharedData('malformed'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(300)
    const codes = new Map<string, number>()
    let imported = 0
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name)
      try {
        const { rows, validRows, columns, metadataFields } = (await compute('import', {}, { path })).meta as unknown as DatasetMeta
        imported++
        expect(validRows, path).toBeLessThanOrEqual(rows)
        expect(columns.length + metadataFields.length, path).toBeGreaterThan(0)
      } catch (thrown) {
        if (!(thrown instanceof StratumError)) throw thrown
        expect(thrown.code, `${path}: ${thrown.message}`).not.toBe('INTERNAL')
        expect(thrown.hint.length, path).toBeGreaterThan(10)
        expect(Object.keys(thrown.where).length, path).toBeGreaterThan(0)
        codes.set(thrown.code, (codes.get(thrown.code) ?? 0) + 1)
      }
    }
    process.stdout.write(
      `malformed: ${imported} of ${files.length} imported whole; ${[...codes].map(([code, n]) => `${n} ${code}`).join(', ')}\n`,
    )
    expect(project.artifacts().every((artifact) => artifact.kind === 'dataset' && artifact.status === 'done')).toBe(true)
    expect((await project.verify()).problems).toEqual([])
    await close()
  },
)
