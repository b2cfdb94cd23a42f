import { expect, test } from 'vitest'
import { lookup3 } from '#engine/export/hdf5/checksum.ts'

test('checksums are those of the author’s own test (lookup3.c, driver5)', () => {
  expect(lookup3(new Uint8Array())).toBe(0xdeadbeef)
  expect(lookup3(new TextEncoder().encode('Four score and seven years ago'))).toBe(0x17770551)
})
