import { beforeEach, expect, test, vi } from 'vitest'
import type { Finding } from '../../../../../src-main/common/domain/dataset.ts'

vi.mock('../../../../../src-renderer/lib/bridge.ts', () => import('../../../../helpers/fakeEngine/bridge.ts'))

const { importer, session } = await import('../../../../../src-renderer/lib/app.ts')
const { fixForFile } = await import('../../../../../src-renderer/features/import/fixes.ts')

const finding = (code: string, where: Finding['where']): Finding => ({ severity: 'info', code, message: '', hint: '', where })
const chosen = vi.fn()

beforeEach(() => {
  vi.restoreAllMocks()
  chosen.mockReset()
  vi.spyOn(importer, 'setOptions').mockImplementation(chosen)
  session.registry = { formats: [{ id: 'csv', options: { properties: { leadingZeros: {}, missing: {}, types: {} } } }] } as never
  importer.report = { format: 'csv' } as never
  importer.options = { delimiter: ';' }
})

test('codes with zeros in front become numbers at a press, and what else was chosen stays', () => {
  const fix = fixForFile(finding('LEADING_ZEROS', { option: 'leadingZeros', value: 'numbers' }))
  expect(fix?.label).toBe('Read as numbers')
  fix?.run()
  expect(chosen).toHaveBeenCalledWith({ delimiter: ';', leadingZeros: 'numbers' })
})

test('a column of days without marks becomes one of dates, and the types of others stay', () => {
  importer.options = { types: { id: 'text' } }
  const fix = fixForFile(finding('UNMARKED_DATES', { column: 'day', type: 'date' }))
  expect(fix?.label).toBe('Read as dates')
  fix?.run()
  expect(chosen).toHaveBeenCalledWith({ types: { id: 'text', day: 'date' } })
})

test('a table becomes a series with its time, its units and a window, and a table again', () => {
  fixForFile(finding('COULD_BE_SERIES', { time: 'date', clock: 'hour, local', unit: 'station', length: 24 }))?.run()
  expect(chosen).toHaveBeenCalledWith({
    delimiter: ';',
    'series.time': ['date', 'hour, local'],
    'series.unit': 'station',
    'series.length': 24,
  })
  const again = vi.spyOn(importer, 'inspectAs').mockResolvedValue()
  const back = fixForFile(finding('READ_AS_SERIES', { kind: 'table' }))
  expect(back?.label).toBe('Read as a table')
  back?.run()
  expect(again).toHaveBeenCalledWith('table')
})

test('what only has to be known has no button', () => {
  expect(fixForFile(finding('ENCODING', { line: 3 }))).toBeNull()
  expect(fixForFile(finding('LEADING_ZEROS', { option: 'unheardOf', value: 'numbers' }))).toBeNull()
})
