/** Going through flagged rows: pages, verdicts that lead on, filters, what is undone. */
import { flushSync } from 'svelte'
import { beforeEach, expect, type Mock, test, vi } from 'vitest'
import type { Client } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { FlaggedRow } from '#common/domain/scores.ts'
import { fail, ok } from '#common/result.ts'
import { ReviewList } from '../../../../../src-renderer/features/review/reviewList.svelte.ts'
import { pixelRow, reviewTable } from '../../../../../src-renderer/features/review/reviewTable.ts'
import { type Reviews, Verdicts } from '../../../../../src-renderer/features/review/verdicts.svelte.ts'
import { Box } from './box.svelte.ts'

type Asked<Call extends keyof Client<EngineCalls>> = Parameters<Client<EngineCalls>[Call]>[0]

const nRows = 450
const rowOf = (i: number, reviews: Reviews): FlaggedRow => ({
  row: 10 * i,
  score: 1000 - i,
  pValue: 0.001,
  confidence: 0.9,
  blame: [{ name: 'flow', share: 0.6, value: 3, expected: 1 }],
  x: null,
  y: null,
  unit: null,
  time: null,
  review: reviews[10 * i] ?? null,
})
const lost = { code: 'ENGINE_LOST', message: 'The engine stopped.', hint: 'Try again.', where: {} } as const

const reviews = new Box<Reviews>({})
const failures: string[] = []
const engine: { [Call in 'listFlagged' | 'review']: Mock<Client<EngineCalls>[Call]> } = {
  listFlagged: vi.fn(async ({ threshold = 0, review = 'all', offset = 0, limit = 100, rows: range }: Asked<'listFlagged'>) => {
    const all = Array.from({ length: nRows }, (_, i) => rowOf(i, reviews.value)).filter(({ score }) => score > threshold)
    const listed = all.filter(
      ({ row, review: r }) =>
        (!range || (row >= range.from && row <= range.to)) &&
        (review === 'all' || (review === 'open' ? r === null : review === 'reviewed' ? r !== null : r?.verdict === review)),
    )
    return ok({ threshold, flagged: all.length, total: listed.length, rows: listed.slice(offset, offset + limit) })
  }),
  review: vi.fn(async ({ entries }: Asked<'review'>) => {
    const next = { ...reviews.value }
    for (const [key, entry] of Object.entries(entries)) {
      if (entry) next[key] = entry
      else delete next[key]
    }
    reviews.value = next
    return ok({} as Artifact)
  }),
}
const request = { scores: 1, threshold: 0, lowest: -1 }
const made = (): ReviewList =>
  new ReviewList(
    engine,
    new Verdicts(
      engine,
      () => 1,
      () => reviews.value,
      ({ message }) => failures.push(message),
    ),
  )

beforeEach(() => {
  reviews.value = {}
  failures.length = 0
})

test('a verdict leads to the next row, and the same verdict again takes it back', async () => {
  const list = made()
  await list.read(request)
  expect(list.chosen?.row).toBe(0)
  await list.judge('confirmed')
  expect(reviews.value).toEqual({ 0: { verdict: 'confirmed', comment: '' } })
  expect(list.chosen?.row).toBe(10)
  expect([list.reviewed, list.flagged]).toEqual([1, nRows])
  list.choose(0)
  await list.judge('confirmed')
  expect(reviews.value).toEqual({})
  expect(list.chosen?.row).toBe(0)
})

test('three keys pressed quickly judge three rows', async () => {
  const list = made()
  await list.read(request)
  await Promise.all([list.judge('confirmed'), list.judge('dismissed'), list.judge('confirmed')])
  expect(Object.entries(reviews.value).map(([row, { verdict }]) => `${row} ${verdict}`)).toEqual([
    '0 confirmed',
    '10 dismissed',
    '20 confirmed',
  ])
})

test('under “open” a judged row leaves the list, and comes back when its verdict is undone', async () => {
  const list = made()
  list.listed = 'open'
  await list.read(request)
  await list.judge('dismissed')
  expect(list.rows[0]?.row).toBe(10)
  expect(list.total).toBe(nRows - 1)
  reviews.value = {}
  flushSync()
  expect(list.rows[0]?.row).toBe(0)
  expect(list.total).toBe(nRows)
})

test('going on at the end of a page reads the next one', async () => {
  const list = made()
  await list.read(request)
  expect(list.rows).toHaveLength(200)
  list.choose(1990)
  await list.step(1)
  expect(list.chosen?.row).toBe(2000)
  expect(list.rows).toHaveLength(400)
  await list.more()
  expect([list.rows.length, list.hasMore]).toEqual([450, false])
})

test('under “open” the next page leaves out no row where some were judged before', async () => {
  const list = made()
  list.listed = 'open'
  await list.read(request)
  for (let i = 0; i < 3; i++) await list.judge('dismissed')
  await list.more()
  expect(list.rows.map(({ row }) => row)).toEqual(Array.from({ length: 397 }, (_, i) => 30 + 10 * i))
})

test('a comment stays when the verdict is taken back, and goes when it is emptied', async () => {
  const list = made()
  await list.read(request)
  const row = list.chosen as FlaggedRow
  await list.comment(row, 'sensor was off')
  await list.judge('dismissed')
  list.choose(row.row)
  await list.judge('dismissed')
  expect(reviews.value[0]).toEqual({ verdict: null, comment: 'sensor was off' })
  await list.comment(list.chosen as FlaggedRow, '')
  expect(reviews.value).toEqual({})
})

test('a comment that is on its way is not lost by the verdict after it', async () => {
  const list = made()
  await list.read(request)
  const row = list.chosen as FlaggedRow
  await Promise.all([list.comment(row, 'valve replaced'), list.judge('confirmed')])
  expect(reviews.value[0]).toEqual({ verdict: 'confirmed', comment: 'valve replaced' })
})

test('a row that is not flagged can be looked at and judged without leaving it', async () => {
  const list = made()
  await list.read({ ...request, threshold: 900 })
  await list.lookAt(rowOf(400, {}))
  expect([list.chosen?.row, list.position]).toEqual([4000, -1])
  // It is found below every threshold, and how sure it is told of the one that counts.
  expect(engine.listFlagged.mock.calls.at(-1)?.[0]).toMatchObject({ threshold: request.lowest, flaggedAbove: 900 })
  await list.judge('confirmed')
  expect(list.chosen?.review?.verdict).toBe('confirmed')
  await list.step(1)
  expect(list.chosen?.row).toBe(0)
})

test('a row of which nothing more is kept is looked at as it is given', async () => {
  const list = made()
  await list.read(request)
  await list.lookAt(pixelRow(99_999, 3, 4, 0.1))
  expect([list.chosen?.row, list.chosen?.score, list.position]).toEqual([99_999, 0.1, -1])
})

test('earlier reviews count as reviewed, also beyond what was read', async () => {
  reviews.value = Object.fromEntries([0, 10, 4400].map((row) => [row, { verdict: 'confirmed' as const, comment: '' }]))
  const list = made()
  await list.read(request)
  expect(list.reviewed).toBe(3)
})

test('what the engine refuses is told, and the list stays', async () => {
  const list = made()
  await list.read(request)
  engine.review.mockResolvedValueOnce(fail(lost))
  await list.judge('confirmed')
  expect(failures).toEqual(['The engine stopped.'])
  engine.listFlagged.mockResolvedValueOnce(fail(lost))
  await list.read({ ...request, threshold: 5 })
  expect([list.status, list.error?.code]).toEqual(['failed', 'ENGINE_LOST'])
})

test('the table holds every row under the filter with its blame and verdict', async () => {
  reviews.value = { 10: { verdict: 'dismissed', comment: 'cloud, thin' } }
  const list = made()
  await list.read(request)
  const table = reviewTable((await list.all()) ?? [])
  expect(table.columns).toEqual([
    'row index',
    'score',
    'p',
    'confidence',
    'column 1',
    'share 1',
    'value 1',
    'expected 1',
    'verdict',
    'comment',
  ])
  expect(table.rows).toHaveLength(nRows)
  expect(table.rows[1]).toEqual([10, 999, 0.001, 0.9, 'flow', 0.6, 3, 1, 'dismissed', 'cloud, thin'])
})

test('a list that could not be read is read again', async () => {
  const list = made()
  engine.listFlagged.mockResolvedValueOnce(fail(lost))
  await list.read(request)
  expect(list.status).toBe('failed')
  list.again()
  await vi.waitFor(() => expect([list.status, list.error, list.rows.length > 0]).toEqual(['ready', null, true]))
})
