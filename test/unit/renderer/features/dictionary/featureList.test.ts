import { expect, test } from 'vitest'
import type { FeatureLine } from '#common/domain/features.ts'
import { FeatureList, type ListRequest } from '../../../../../src-renderer/features/dictionary/featureList.svelte.ts'

const line = (feature: number): FeatureLine => ({
  feature,
  name: null,
  density: 0.1,
  max: 1,
  mean: 0.5,
  column: null,
  weight: null,
  label: null,
  lift: null,
})
type Asked = Parameters<ConstructorParameters<typeof FeatureList>[0]['listFeatures']>[0]

function listOf(total: number) {
  const asked: Asked[] = []
  const list = new FeatureList({
    listFeatures: async (request) => {
      asked.push(request)
      const { offset = 0, limit = 100 } = request
      const lines = Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, i) => line(offset + i))
      return { ok: true, value: { total, lines } }
    },
  })
  return { list, asked }
}
const request: ListRequest = { features: 5, sort: 'density', descending: true, never: false, text: '' }
const settled = () => new Promise((done) => setTimeout(done, 0))

test('the first page comes with the list, further ones when they are scrolled to, each once', async () => {
  const { list, asked } = listOf(1000)
  list.show(request)
  await settled()
  expect(list.total).toBe(1000)
  expect(list.line(199)?.feature).toBe(199)
  expect(list.line(450)).toBeNull()
  list.need(440, 470)
  list.need(445, 475)
  await settled()
  expect(list.line(450)?.feature).toBe(450)
  expect(list.line(0)?.feature).toBe(0)
  expect(asked.map(({ offset }) => offset)).toEqual([0, 400])
})

test('places beyond the end ask for nothing', async () => {
  const { list, asked } = listOf(30)
  list.show(request)
  await settled()
  list.need(20, 60)
  await settled()
  expect(asked).toHaveLength(1)
})

test('a filter is handed on, without what was not chosen', async () => {
  const { list, asked } = listOf(3)
  list.show({ ...request, text: '  GNLY ', minDensity: 0.01, never: true })
  await settled()
  expect(asked[0].filter).toEqual({ never: true, minDensity: 0.01, text: 'GNLY' })
})

test('an answer to an older list is dropped', async () => {
  const answers: (() => void)[] = []
  const list = new FeatureList({
    listFeatures: ({ sort }) =>
      new Promise((done) => {
        answers.push(() => done({ ok: true, value: { total: sort === 'max' ? 2 : 9, lines: [line(0), line(1)] } }))
      }),
  })
  list.show(request)
  list.show({ ...request, sort: 'max' })
  answers[1]()
  answers[0]()
  await settled()
  expect(list.total).toBe(2)
})

test('a failure is kept for the view, and asking again goes on', async () => {
  let fails = true
  const list = new FeatureList({
    listFeatures: async () =>
      fails
        ? { ok: false, error: { code: 'ARTIFACT_NOT_FOUND', message: 'It is gone.', hint: 'Make it again.', where: {} } }
        : { ok: true, value: { total: 1, lines: [line(0)] } },
  })
  list.show(request)
  await settled()
  expect(list.error?.message).toBe('It is gone.')
  fails = false
  list.again()
  await settled()
  expect(list.error).toBeNull()
  expect(list.line(0)?.feature).toBe(0)
})
