import { expect, test } from 'vitest'
import { bytes, float, integer, message, text } from '#engine/compute/emit/protobuf.ts'

test('integers are written as in the encoding guide: field 1, value 150', () => {
  expect(Array.from(integer(1, 150))).toEqual([0x08, 0x96, 0x01])
})
test('negative integers take ten bytes', () => {
  expect(Array.from(integer(1, -1))).toEqual([0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])
})
test('text and nested messages carry their length: field 2 "testing", field 3 { 1: 150 }', () => {
  expect(Array.from(text(2, 'testing'))).toEqual([0x12, 7, ...'testing'].map((c) => (typeof c === 'string' ? c.charCodeAt(0) : c)))
  expect(Array.from(bytes(3, integer(1, 150)))).toEqual([0x1a, 3, 0x08, 0x96, 0x01])
})
test('fields above 15 have a tag of two bytes', () => {
  expect(Array.from(integer(20, 1))).toEqual([0xa0, 0x01, 1])
})
test('floats are four bytes, little-endian, and fields follow one another', () => {
  expect(Array.from(message(float(2, 1), integer(1, 0)))).toEqual([0x15, 0, 0, 0x80, 0x3f, 0x08, 0])
})
