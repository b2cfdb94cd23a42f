import { describe, expect, test } from 'vitest'
import type { Call, Calls, Handlers } from '#common/contract/calls.ts'
import { engineCalls } from '#common/contract/engine.ts'
import { windowCalls } from '#common/contract/window.ts'
import { answerCalls } from '#common/serve.ts'
import { engineInputs, windowInputs } from './inputs.ts'

const noBugs = (thrown: unknown): never => {
  throw thrown
}

/** Handlers for every row that only write down what they are given. */
function recorder<T extends Calls>(calls: T): { handlers: Handlers<T>; received: unknown[] } {
  const received: unknown[] = []
  const handlers = Object.fromEntries(Object.keys(calls).map((name) => [name, (input: unknown) => void received.push(input)]))
  return { handlers: handlers as Handlers<T>, received }
}

describe.each([
  { conversation: 'engine', calls: engineCalls as Calls, inputs: engineInputs },
  { conversation: 'window', calls: windowCalls as Calls, inputs: windowInputs },
])('the $conversation calls', ({ calls, inputs }) => {
  test.each(Object.entries(inputs))('%s takes its good input', async (name, { good }) => {
    const { handlers, received } = recorder(calls)
    expect(await answerCalls(calls, handlers, noBugs)(name, good)).toMatchObject({ ok: true })
    const row: Call = calls[name]
    expect(received).toEqual([row.input.parse(good)])
  })

  test.each(Object.entries(inputs))('%s refuses its bad input and names the parameter', async (name, { bad, names }) => {
    const { handlers, received } = recorder(calls)
    expect(await answerCalls(calls, handlers, noBugs)(name, bad)).toMatchObject({
      ok: false,
      error: { code: 'PARAMETER_INVALID', where: { call: name, parameter: names }, message: expect.stringContaining(names) },
    })
    expect(received).toEqual([])
  })
})

test('a call that does not exist is refused, also when Object has a property of that name', async () => {
  const { handlers } = recorder(windowCalls)
  const answer = answerCalls(windowCalls, handlers, noBugs)
  for (const name of ['launchRocket', 'constructor', 'toString', '__proto__']) {
    expect(await answer(name, {})).toMatchObject({ ok: false, error: { code: 'UNKNOWN_COMMAND' } })
  }
})

test('missing parameters with a default arrive filled in', async () => {
  const { handlers, received } = recorder(engineCalls)
  await answerCalls(engineCalls, handlers, noBugs)('run', { operation: 'import' })
  expect(received).toEqual([{ operation: 'import', inputs: {}, params: {}, seed: 7 }])
})
