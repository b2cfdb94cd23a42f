import { describe, expect, it } from 'vitest'
import { formatFigure } from '#engine/export/report.ts'

describe('formatFigure', () => {
  it('keeps significant digits, groups thousands by a thin space and writes a true minus', () => {
    expect(formatFigure(262144)).toBe('262\u2009144')
    expect(formatFigure(0.00218349)).toBe('0.002183')
    expect(formatFigure(-1.25)).toBe('−1.25')
    expect(formatFigure(null)).toBe('–')
  })
})
