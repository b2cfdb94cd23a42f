import { expect, test } from 'vitest'
import type { Job } from '#common/domain/artifact.ts'
import { createPrinter, formatCount, formatSeconds, formatTable, progressLine } from '#engine/cli/printer.ts'

const job = (part: Partial<Job>): Job => ({
  id: 1,
  operation: 'train',
  title: 'Train',
  status: 'running',
  progress: null,
  artifact: 3,
  cached: false,
  canPause: true,
  startedAt: null,
  error: null,
  ...part,
})

function printed(json: boolean, isTerminal: boolean) {
  const written = { out: '', error: '' }
  const streams = {
    out: (text: string) => void Object.assign(written, { out: written.out + text }),
    error: (text: string) => void Object.assign(written, { error: written.error + text }),
    isTerminal,
    columns: 60,
  }
  return { printer: createPrinter(json, streams), written }
}

test('with --json every line is an object and the last says how it ended', () => {
  const { printer, written } = printed(true, false)
  printer.job(job({ progress: { stage: 'Fitting', fraction: 0.5 } }))
  printer.log('warning', 'careful')
  printer.result({ result: { id: 3 }, text: 'a person reads this' })
  printer.error({ code: 'DISK_FULL', message: 'm', hint: 'h', where: { path: '/p' } })
  expect(
    written.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      event: 'progress',
      job: 1,
      operation: 'train',
      status: 'running',
      artifact: 3,
      cached: false,
      progress: { stage: 'Fitting', fraction: 0.5 },
    },
    { event: 'log', level: 'warning', message: 'careful' },
    { ok: true, result: { id: 3 } },
    { ok: false, error: { code: 'DISK_FULL', message: 'm', hint: 'h', where: { path: '/p' } } },
  ])
  expect(written.error).toBe('')
})

test('a person sees results on standard output and the rest on standard error', () => {
  const { printer, written } = printed(false, false)
  printer.job(job({ progress: { stage: 'Fitting', fraction: 0.5 } }))
  printer.job(job({ status: 'done' }))
  printer.job(job({ status: 'done', cached: true, title: 'Prepare' }))
  printer.result({ result: {}, text: '3  model' })
  printer.error({ code: 'DISK_FULL', message: 'The disk is full.', hint: 'Free some space.', where: { path: '/p', artifact: 3 } })
  expect(written.out).toBe('3  model\n')
  expect(written.error).toBe(
    'Train: done\nPrepare: was there already\nDISK_FULL: The disk is full.\n  at    path /p, artifact 3\n  hint  Free some space.\n',
  )
})

test('on a terminal one line is redrawn, never longer than the terminal, and cleared for what follows', () => {
  const { printer, written } = printed(false, true)
  printer.job(job({ progress: { stage: 'Fitting '.repeat(20), fraction: 0.5 } }))
  expect(written.error.startsWith('\r\u001b[K')).toBe(true)
  expect(written.error.length).toBeLessThanOrEqual(4 + 59)
  printer.result({ result: {}, text: 'x' })
  expect(written.error.endsWith('\r\u001b[K')).toBe(true)
})

test('progress is told with what is known of it', () => {
  expect(
    progressLine(
      job({ progress: { stage: 'Fitting', fraction: 0.52, done: 5200, unit: 'rows', ratePerSecond: 1830.4, remainingSeconds: 12.3 } }),
    ),
  ).toBe('Train · Fitting  ██████████░░░░░░░░░░  52 %  1\u2009830 rows/s  12 s left')
  expect(progressLine(job({ progress: { stage: 'Reading', fraction: null, done: 12345, unit: 'rows' } }))).toBe(
    'Train · Reading  12\u2009345 rows',
  )
  expect(progressLine(job({}))).toBe('Train')
})

test('numbers, times and tables read well', () => {
  expect([0.1234, 9.99, 10, 1234567].map(formatCount)).toEqual(['0.12', '10', '10', '1\u2009234\u2009567'])
  expect([0.04, 3.21, 59.6, 61, 3700].map(formatSeconds)).toEqual(['0 s', '3.2 s', '60 s', '1 min 1 s', '1 h 1 min'])
  expect(
    formatTable([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
  ).toBe('a    bb\nccc  d   e')
})
