import { expect, test } from 'vitest'
import { Answer } from '../../../../../src-renderer/lib/state/answer.svelte.ts'

const settled = () => new Promise((done) => setTimeout(done, 0))

test('the same request is asked once; rows that differ are another request', async () => {
  const asked: number[] = []
  const answer = new Answer(async ({ rows }: { rows: Float64Array }) => {
    asked.push(rows[0])
    return { ok: true as const, value: rows[0] }
  })
  await answer.ask({ rows: Float64Array.of(1) })
  await answer.ask({ rows: Float64Array.of(1) })
  await answer.ask({ rows: Float64Array.of(2) })
  expect(asked).toEqual([1, 2])
  expect(answer.value).toBe(2)
})

test('what was there stays until the newest answer has come, and an older one is dropped', async () => {
  const answers: (() => void)[] = []
  const answer = new Answer(
    (n: number) => new Promise<{ ok: true; value: number }>((done) => answers.push(() => done({ ok: true, value: n }))),
  )
  void answer.ask(1)
  answers[0]()
  await settled()
  void answer.ask(2)
  void answer.ask(3)
  expect([answer.value, answer.status]).toEqual([1, 'reading'])
  answers[2]()
  answers[1]()
  await settled()
  expect([answer.value, answer.status]).toEqual([3, 'ready'])
})

test('a failure is said, can be tried again, and nothing asked forgets', async () => {
  let fails = true
  const answer = new Answer(async (n: number) =>
    fails
      ? { ok: false as const, error: { code: 'INTERNAL' as const, message: 'No.', hint: 'Again.', where: {} } }
      : { ok: true as const, value: n },
  )
  await answer.ask(4)
  expect(answer.status).toBe('failed')
  fails = false
  answer.again(4)
  await settled()
  expect([answer.status, answer.value, answer.error]).toEqual(['ready', 4, null])
  await answer.ask(null)
  expect([answer.status, answer.value]).toEqual(['none', null])
})
