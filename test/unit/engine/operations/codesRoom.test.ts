import { expect, test } from 'vitest'
import type { ModelLayout } from '#common/domain/results.ts'
import { checkRoomFor, codesBytes, roomMessage } from '#engine/operations/codesRoom.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const layout = (codeSize: number, activeCodes?: number): ModelLayout => ({
  stages: [],
  codeSize,
  weights: 0,
  ...(activeCodes !== undefined && { activeCodes }),
})
const bytesOf = (model: string, codeSize: number, activeCodes?: number) =>
  codesBytes({ model, codeSize, layout: layout(codeSize, activeCodes) }, 1_000_000)
const folder = temporaryFolder()

test('dense codes take four bytes a number, codes of a dictionary what their rows use', () => {
  expect(bytesOf('vae', 8)).toBe(1.05 * 1e6 * 36)
  expect(bytesOf('sae-topk', 8192, 32)).toBe(1.05 * 1e6 * (4 + 6 * 32 + 4))
  expect(bytesOf('sae-topk', 100_000, 32)).toBe(1.05 * 1e6 * (4 + 8 * 32 + 4))
  expect(bytesOf('sae-relu', 8192)).toBe(bytesOf('sae-relu', 8192, 256))
  // Where places would be longer than the numbers, it is the whole code.
  expect(bytesOf('sae-topk', 8, 8)).toBe(bytesOf('vae', 8))
})

test('codes that do not fit on the disk are refused before they are computed', async () => {
  await expect(checkRoomFor(1e6, folder.file('p.stratum'))).resolves.toBeUndefined()
  await expect(checkRoomFor(1e18, folder.file('p.stratum'))).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(/take about 1\.00e\+9 GB, and \S+ [GM]B are free/),
  })
})

test('much is said beforehand, little is not', () => {
  expect(roomMessage(1e9)).toBeNull()
  expect(roomMessage(32.8e9)).toBe('Codes of all rows will take about 32.8 GB in the project.')
})
