import { expect, test } from 'vitest'
import { evaluate } from '../../../../src-renderer/lib/expression.ts'

test('sums are worked out in the usual order', () => {
  expect(evaluate('2*4096')).toBe(8192)
  expect(evaluate('2+3*4')).toBe(14)
  expect(evaluate('(2+3)*4')).toBe(20)
  expect(evaluate('2^3^2')).toBe(512)
  expect(evaluate('-3+1')).toBe(-2)
  expect(evaluate('10/4')).toBe(2.5)
})

test('numbers may be written as the app writes them', () => {
  expect(evaluate('4\u202f096')).toBe(4096)
  expect(evaluate('−3')).toBe(-3)
  expect(evaluate('1e-4')).toBe(0.0001)
  expect(evaluate('0,5')).toBe(0.5)
})

test('what is no number is null', () => {
  for (const text of ['', 'six', '2*', '(1', '1)', '1/0', 'alert(1)']) expect(evaluate(text)).toBeNull()
})
