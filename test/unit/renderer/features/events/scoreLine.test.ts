import { expect, test, vi } from 'vitest'
import { fail, ok } from '#common/result.ts'
import { type Line, ScoreLine } from '../../../../../src-renderer/features/events/scoreLine.svelte.ts'

test('scores along time that could not be read are read again, with the stretch that is looked at', async () => {
  const lost = { code: 'ENGINE_LOST', message: 'The engine stopped.', hint: 'Try again.', where: {} } as const
  const readScoreLine = vi.fn().mockResolvedValue(fail(lost))
  const line = new ScoreLine({ readScoreLine })
  line.stretch = [3, 7]
  await line.read(5)
  expect(line.error).toEqual(lost)
  readScoreLine.mockReset().mockResolvedValue(ok({} as Line))
  line.again(5)
  await vi.waitFor(() => expect([line.error, line.status]).toEqual([null, 'ready']))
  expect(readScoreLine.mock.calls.map(([asked]) => [asked.scores, asked.from, asked.to])).toEqual([
    [5, undefined, undefined],
    [5, 3, 7],
  ])
})
