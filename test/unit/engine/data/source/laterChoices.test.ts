import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inspectSource } from '../../../../../src-main/engine/data/inspect.ts'
import { csv } from '../../../../../src-main/engine/data/readers/csv.ts'
import { npy } from '../../../../../src-main/engine/data/readers/npy.ts'
import { asBefore, sinceThen, writtenDown } from '../../../../../src-main/engine/data/source/laterChoices.ts'
import { temporaryFolder } from '../../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()

describe('options that came later', () => {
  it('leave the columns of an older dataset where they were', async () => {
    const path = folder.file('sites.csv')
    writeFileSync(path, `,zip,value\n${['00123', '94110', '02139', '10001'].map((zip, i) => `${i + 1},${zip},${i / 2}`).join('\n')}\n`)
    const columnsOf = async (options: Record<string, unknown>): Promise<string[]> =>
      (await inspectSource(path, 'csv', options)).columns.map(({ name }) => name)
    expect(await columnsOf(asBefore('csv', {}))).toEqual(['column 1', 'zip', 'value'])
    expect(await columnsOf(writtenDown(csv, {}))).toEqual(['value'])
  })

  it('are written down by name, what was chosen before what is usual, and only for formats that have them', () => {
    expect(writtenDown(csv, { leadingZeros: 'numbers', delimiter: ';' })).toEqual({
      rowNumbers: 'beside',
      leadingZeros: 'numbers',
      delimiter: ';',
    })
    expect(asBefore('csv', writtenDown(csv, {}))).toEqual({ rowNumbers: 'beside', leadingZeros: 'kept' })
    expect(writtenDown(npy, {})).toEqual({})
    expect(sinceThen(npy)).toBe('')
    expect(sinceThen(csv)).toBe(' with rowNumbers, leadingZeros, found anew 1')
  })
})
