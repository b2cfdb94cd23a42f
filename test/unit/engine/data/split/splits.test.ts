import { describe, expect, it } from 'vitest'
import { fieldSides } from '#engine/data/split/field.ts'
import { groupSides } from '#engine/data/split/groups.ts'
import { hashedSides } from '#engine/data/split/hashed.ts'
import { heldOut, learned, neither, type RowSides } from '#engine/data/split/sides.ts'
import { stratifiedSides } from '#engine/data/split/stratified.ts'
import { asTimes, temporalSides } from '#engine/data/split/temporal.ts'

const all = (n: number): Uint8Array => new Uint8Array(n).fill(1)
const sidesOf = (sides: RowSides, n: number) => Array.from({ length: n }, (_, row) => sides(row))
const rowsOn = (sides: RowSides, n: number, side: number) => sidesOf(sides, n).flatMap((at, row) => (at === side ? [row] : []))

describe('the last rows', () => {
  it('are held out, by the order of the rows, with a gap before them', () => {
    const { sides, gapRows } = temporalSides(null, all(10), 0.3, 2)
    expect(sidesOf(sides, 10)).toEqual([1, 1, 1, 1, 1, 0, 0, 2, 2, 2])
    expect(gapRows).toBe(2)
  })

  it('are the latest, in whatever order they stand, and rows without a time belong to neither', () => {
    const times = asTimes(['2020-05-01', '2019-01-01', null, '2021-12-24', '2020-01-01', 'soon'])
    const { sides, withoutTime } = temporalSides(times, all(6), 0.25, 0)
    expect([rowsOn(sides, 6, learned), rowsOn(sides, 6, heldOut)]).toEqual([[0, 1, 4], [3]])
    expect(withoutTime).toBe(2)
  })

  it('of the same time are never parted', () => {
    const { sides } = temporalSides(Float64Array.of(1, 1, 2, 2, 2, 2, 3), all(7), 0.4, 0)
    expect(sidesOf(sides, 7)).toEqual([1, 1, 2, 2, 2, 2, 2])
    const late = temporalSides(Float64Array.of(1, 1, 1, 1, 2), all(5), 0.8, 0)
    expect(sidesOf(late.sides, 5)).toEqual([1, 1, 1, 1, 2])
  })

  it('are refused where the gap before them leaves none to learn from', () => {
    expect(() => temporalSides(null, all(10), 0.3, 7)).toThrow(
      expect.objectContaining({ code: 'DATA_UNSUITABLE', message: expect.stringContaining('gap of 7'), where: { parameter: 'gap' } }),
    )
    expect(rowsOn(temporalSides(null, all(10), 0.3, 6).sides, 10, learned)).toEqual([0])
    expect(rowsOn(temporalSides(null, all(10), 0, 100).sides, 10, learned)).toHaveLength(10)
  })

  it('are counted among the rows that are used', () => {
    const { sides } = temporalSides(null, Uint8Array.of(1, 0, 1, 0, 1, 0, 1, 0), 0.25, 0)
    expect(sidesOf(sides, 8)).toEqual([1, 0, 1, 0, 1, 0, 2, 0])
  })

  it('do not exist when all times are the same or missing', () => {
    expect(() => temporalSides(Float64Array.of(4, 4), all(2), 0.5, 0)).toThrow(expect.objectContaining({ code: 'DATA_UNSUITABLE' }))
    expect(() => temporalSides(asTimes([null, 'x']), all(2), 0.5, 0)).toThrow(expect.objectContaining({ code: 'DATA_UNSUITABLE' }))
  })
})

describe('whole groups', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i % 13 === 5 ? null : `unit ${i % 10}`))

  it('are on one side each, near the share that was asked for, whatever the order of rows', () => {
    const { sides, groups, heldOutGroups } = groupSides(values, all(1000), 0.2, 7, 'unit')
    expect(groups).toBe(10)
    expect(heldOutGroups).toHaveLength(2)
    for (const [row, value] of values.entries())
      expect(sides(row)).toBe(value === null ? neither : heldOutGroups.includes(value) ? heldOut : learned)
    const backwards = groupSides([...values].reverse(), all(1000), 0.2, 7, 'unit')
    expect([...backwards.heldOutGroups].sort()).toEqual([...heldOutGroups].sort())
  })

  it('change with the seed, and one is left to learn from', () => {
    const by = (seed: number) => groupSides(values, all(1000), 0.2, seed, 'unit').heldOutGroups.join()
    expect(new Set([1, 2, 3, 4, 5].map(by)).size).toBeGreaterThan(1)
    expect(groupSides(['a', 'a', 'b'], all(3), 0.9, 1, 'g').heldOutGroups).toHaveLength(1)
    expect(groupSides(['a', 'a', 'b'], all(3), 0, 1, 'g').heldOutGroups).toEqual([])
  })

  it('need two groups', () => {
    expect(() => groupSides(['a', 'a'], all(2), 0.5, 1, 'g')).toThrow(expect.objectContaining({ code: 'DATA_UNSUITABLE' }))
  })
})

describe('a field that says it', () => {
  it('goes by words, others belonging to neither', () => {
    expect(sidesOf(fieldSides(['train', 'Test', 'validation', null, 'unsure'], null, 'set'), 5)).toEqual([1, 2, 2, 0, 0])
  })

  it('goes by the values that are named, all others being learned from', () => {
    expect(sidesOf(fieldSides([0, 1, 1, 2, null], ['1'], 'fold'), 5)).toEqual([1, 2, 2, 1, 0])
  })

  it('is refused when no row has any of the values that are named, and not when some row has one', () => {
    expect(() => fieldSides(['a', 'b', null], ['A', 'c'], 'set')).toThrow(
      expect.objectContaining({
        code: 'PARAMETER_INVALID',
        message: 'No row has “A” or “c” in “set”, so nothing would be held out: its values are a, b.',
        where: { parameter: 'heldOutValues', field: 'set' },
      }),
    )
    expect(sidesOf(fieldSides(['a', 'b'], ['b', 'c'], 'set'), 2)).toEqual([1, 2])
  })

  it('goes by words where no value is named', () => {
    expect(sidesOf(fieldSides(['train', 'test'], [], 'set'), 2)).toEqual([1, 2])
    expect(sidesOf(fieldSides(['train', 'test'], null, 'set'), 2)).toEqual([1, 2])
  })

  it('is refused when it names nothing to learn from', () => {
    expect(() => fieldSides([0, 1], null, 'fold')).toThrow(
      expect.objectContaining({ code: 'DATA_UNSUITABLE', message: expect.stringContaining('0, 1') }),
    )
  })
})

describe('stratified', () => {
  it('holds out the same share of every label, rare ones too, and none of a single row', () => {
    const labels = Array.from({ length: 1000 }, (_, i) => (i === 3 ? 'once' : i % 100 === 0 ? 'rare' : 'common'))
    const sides = stratifiedSides(labels, all(1000), 0.2, 5)
    const held = rowsOn(sides, 1000, heldOut).map((row) => labels[row])
    expect([held.filter((label) => label === 'rare').length, held.filter((label) => label === 'common').length]).toEqual([2, 198])
    expect(sides(3)).toBe(learned)
    expect(rowsOn(stratifiedSides(labels, all(1000), 0.2, 6), 1000, heldOut)).not.toEqual(rowsOn(sides, 1000, heldOut))
  })
})

it('by hash nothing is held out of a share of 0', () => {
  expect(sidesOf(hashedSides({ rows: 5, grid: null }, 'random', 0, 1), 5)).toEqual([1, 1, 1, 1, 1])
})
