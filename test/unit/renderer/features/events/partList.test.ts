/** Going through events or objects: filters, verdicts that lead on, and tables of them. */
import { beforeEach, expect, test, vi } from 'vitest'
import type { AnomalyEvent, AnomalyObject } from '#common/domain/scores.ts'
import { fail, ok } from '#common/result.ts'
import { PartList } from '../../../../../src-renderer/features/events/partList.svelte.ts'
import { areaWords, durationOf, eventName, eventTable, objectTable } from '../../../../../src-renderer/features/events/partTables.ts'
import { type Reviews, Verdicts } from '../../../../../src-renderer/features/review/verdicts.svelte.ts'
import { Box } from '../review/box.svelte.ts'

const event = (peak: number, unit: string): AnomalyEvent => ({
  peak,
  unit,
  firstRow: peak - 2,
  lastRow: peak + 3,
  flagged: 4,
  start: '2024-05-01T12:00:00',
  end: '2024-05-01T13:30:00',
  peakScore: 9 - peak,
  meanScore: 2,
  blame: [
    { name: 'flow', share: 0.7 },
    { name: 'power', share: 0.2 },
  ],
  review: null,
})
const reviews = new Box<Reviews>({})
const verdicts = (): Verdicts =>
  new Verdicts(
    {
      review: async ({ entries }) => {
        const next = { ...reviews.value }
        for (const [key, entry] of Object.entries(entries)) {
          if (entry) next[key] = entry
          else delete next[key]
        }
        reviews.value = next
        return ok({} as never)
      },
    },
    () => 1,
    () => reviews.value,
    () => {},
  )
const made = () =>
  new PartList('event', async (_: { scores: number }) => ok({ total: 3, parts: [event(1, 'a'), event(2, 'b'), event(3, 'a')] }), verdicts())
beforeEach(() => {
  reviews.value = {}
})

test('steps go in the order that the table shows', async () => {
  const list = made()
  await list.read({ scores: 1 })
  list.order = [3, 1, 2]
  expect([list.chosen?.peak, list.position]).toEqual([3, 0])
  list.step(1)
  list.step(1)
  expect([list.chosen?.peak, list.position]).toEqual([2, 2])
})

test('a verdict is kept by the event’s highest row, and leads to the next event', async () => {
  const list = made()
  await list.read({ scores: 1 })
  await list.judge('dismissed')
  expect(reviews.value).toEqual({ 'event/1': { verdict: 'dismissed', comment: '' } })
  expect(list.chosen?.peak).toBe(2)
  expect(list.reviewed).toBe(1)
  list.listed = 'open'
  expect(list.parts.map(({ peak }) => peak)).toEqual([2, 3])
})

test('only those of one unit are stepped through', async () => {
  const list = made()
  await list.read({ scores: 1 })
  list.only = ({ unit }) => unit === 'a'
  expect(list.chosen?.peak).toBe(1)
  list.step(1)
  expect(list.chosen?.peak).toBe(3)
  list.step(1)
  expect(list.chosen?.peak).toBe(3)
})

test('an event is called by its unit and time, and lasts from its first window to the end of its last', () => {
  expect(eventName(event(3, 'pump 2'), true)).toBe('pump 2, 2024-05-01 12:00')
  expect(eventName({ ...event(3, 'pump 2'), unit: null, start: null }, null)).toBe('window 2')
  expect(durationOf(event(3, 'a'), true)).toBe(5400)
  expect(eventTable([event(3, 'a')]).rows[0]).toEqual([
    'a',
    '2024-05-01T12:00:00',
    '2024-05-01T13:30:00',
    1,
    6,
    4,
    3,
    6,
    2,
    'flow; power',
    '',
    '',
  ])
})

test('an object is a line with its place, area and verdict', () => {
  const object: AnomalyObject = {
    peak: 7,
    pixels: 12,
    areaM2: 10_800,
    centroid: { x: 3.5, y: 2, mapX: 600_105, mapY: 6_559_940 },
    bounds: { x0: 2, y0: 1, x1: 5, y1: 3 },
    meanScore: 2,
    maxScore: 5,
    blame: [{ name: 'B11', share: 0.6 }],
    review: { verdict: 'confirmed', comment: 'gossan' },
  }
  expect(objectTable([object]).rows[0]).toEqual([3.5, 2, 600_105, 6_559_940, 12, 10_800, 5, 2, 7, 'B11', 'confirmed', 'gossan'])
  expect([areaWords(900), areaWords(1_250_000), areaWords(null)]).toEqual(['900\u202fm²', '1.25\u202fkm²', '–'])
})

test('of scores that cannot be read there is nothing to judge, until they are read again', async () => {
  const lost = { code: 'PROJECT_CORRUPT', message: 'Chunk 0 is missing.', hint: 'Compute it again.', where: { artifact: 2 } } as const
  let isLost = true
  const list = new PartList(
    'event',
    async ({ scores }: { scores: number }) => (scores === 2 && isLost ? fail(lost) : ok({ total: 1, parts: [event(scores, 'a')] })),
    verdicts(),
  )
  await list.read({ scores: 1 })
  await list.read({ scores: 2 })
  expect([list.status, list.error, list.chosen, list.total]).toEqual(['failed', lost, null, 0])
  isLost = false
  list.again()
  await vi.waitFor(() => expect([list.status, list.chosen?.peak]).toEqual(['ready', 2]))
})
