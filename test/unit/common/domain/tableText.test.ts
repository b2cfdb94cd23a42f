import { expect, test } from 'vitest'
import { guardedText, unguardedText } from '#common/domain/tableText.ts'

const isGuarded = (text: string): boolean => guardedText(text) !== text

test('texts that a spreadsheet would take for formulas are known', () => {
  for (const text of [
    '=1+1',
    '@SUM(A1)',
    "+cmd|' /C calc'!A0",
    '-A1',
    '-2+3',
    '\t=1',
    '\r\n=1',
    ' =1',
    '＝1',
    '+AAC',
    '1=2-1'.slice(1),
    '=',
  ])
    expect([text, isGuarded(text)]).toEqual([text, true])
})

test('numbers and signs alone are none', () => {
  for (const text of ['', '-5', '+3.5', '-1.5e-3', '-1 234,5', '-5 %', '+', '-', '--', '+/-', 'a=b', 'x-1', "'=1", '5-3', '\t'])
    expect([text, isGuarded(text)]).toEqual([text, false])
})

test('a guarded text is found again, and other apostrophes stay', () => {
  for (const text of ['=1+1', '-A1', "'=1", "'t Hooft", 'plain', '-5', '']) {
    const once = guardedText(text)
    expect(isGuarded(once)).toBe(false)
    if (!text.startsWith("'=")) expect(unguardedText(once)).toBe(text)
  }
})
