import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readerFor } from '#engine/data/readers/registry.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
const padded = (text: string): Buffer => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(200)])

it.each([
  ['a Stata file', 'old.dta', padded('\x72\x02\x01\x00\x0e\x00\xcb')],
  ['a Stata file', 'new.dta', padded('<stata_dta><header><release>118</release>')],
  ['an SPSS file', 'survey.sav', padded('$FL2@(#) SPSS DATA FILE')],
  ['a SAS file', 'trial.sas7bdat', padded(`${'\0'.repeat(12)}${'\xc2'.repeat(72)}SAS FILE`)],
  ['a SAS file', 'trial.xpt', padded('HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!')],
  ['a file of R objects', 'cells.RData', padded('RDX3\nX\n')],
  ['a file of R objects', 'one.rds', padded('X\n\0\0\0\x03\0\x04\x03\0')],
  ['a web page', 'table.csv', padded('<!DOCTYPE html><html>')],
  ['a PDF document', 'paper.pdf', padded('%PDF-1.7')],
])('says of %s what to do instead (%s)', async (what, name, bytes) => {
  const path = folder.file(name)
  writeFileSync(path, bytes)
  const refused = expect(readerFor(path)).rejects
  await refused.toMatchObject({ code: 'FORMAT_UNKNOWN', message: expect.stringContaining(what), hint: expect.stringMatching(/^\w.{20}/) })
})

it('takes no table for one of those', async () => {
  const path = folder.file('x.txt')
  writeFileSync(path, 'X\n1\n2\n')
  expect((await readerFor(path)).id).toBe('csv')
})
