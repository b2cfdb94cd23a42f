import { describe, expect, it } from 'vitest'
import type { Command } from '#engine/cli/command.ts'
import { parseCall } from '#engine/cli/parse.ts'

const command: Command = {
  name: 'threshold',
  usage: '<project> <scores> [value]',
  summary: 'Sets the threshold.',
  options: [
    { name: 'rule', value: '<value>', description: 'Rule' },
    { name: 'set', value: '<key=value>', many: true, description: 'A parameter' },
    { name: 'recommended', description: 'Back' },
  ],
  run: () => Promise.reject(new Error('not run here')),
}
const parse = (...argv: string[]) => parseCall(command, argv)

describe('arguments of a command', () => {
  it('may be negative numbers, and values of options too', () => {
    expect(parse('p', 's', '-1').arguments).toEqual(['p', 's', '-1'])
    expect(parse('p', '-.5', 's', '--rule', '-2e-3').arguments).toEqual(['p', '-.5', 's'])
    expect(parse('p', 's', '--rule', '-2e-3').text('rule')).toBe('-2e-3')
    expect(parse('p', 's', '--set', '-1=x', '--set', 'a=-2').texts('set')).toEqual(['-1=x', 'a=-2'])
    expect(parse('p', 's', '--', '--rule').arguments).toEqual(['p', 's', '--rule'])
  })

  it('are refused where an option is unknown, with the nearest known one', () => {
    expect(() => parse('p', 's', '--rul', 'mad')).toThrow(expect.objectContaining({ code: 'USAGE', hint: 'Did you mean --rule?' }))
    expect(() => parse('p', 's', '-x')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })

  it('say an option once, unless it may be given several times', () => {
    expect(() => parse('p', 's', '--rule', 'mad', '--rule', 'extreme')).toThrow(
      expect.objectContaining({ code: 'USAGE', message: '--rule is given twice.' }),
    )
    expect(() => parse('p', 's', '--recommended', '--recommended')).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(parse('p', 's', '--set', 'a=1', '--set', 'b=-2').texts('set')).toEqual(['a=1', 'b=-2'])
  })

  it('are counted', () => {
    expect(() => parse('p')).toThrow(expect.objectContaining({ code: 'USAGE', message: "'threshold' needs at least 2 arguments, got 1." }))
    expect(() => parse('p', 's', '1', '2')).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(parse('--help').wantsHelp).toBe(true)
  })
})
