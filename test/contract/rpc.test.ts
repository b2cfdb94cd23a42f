import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type EngineCalls, type EngineEvents, engineCalls } from '#common/contract/engine.ts'
import { type WindowCalls, type WindowEvents, windowCalls } from '#common/contract/window.ts'
import { StratumError } from '#common/errors.ts'
import { connect } from '#common/rpc.ts'
import { answerCalls, emitTo, serve } from '#common/serve.ts'
import { openChild, openPort } from '../helpers/channels.ts'

const window = { x: 0, y: 0, width: 300, height: 200, outWidth: 300, outHeight: 200 }

describe('over a message port', () => {
  let port: ReturnType<typeof openPort>
  beforeEach(() => {
    port = openPort()
  })
  afterEach(() => port.close())

  const calls = { theme: windowCalls.theme, revealFile: windowCalls.revealFile, setTitle: windowCalls.setTitle }
  const open = (revealFile: () => never, reportBug = vi.fn()) => {
    serve(port.far, answerCalls(calls, { theme: () => 'dark' as const, revealFile, setTitle: async () => ({}) }, reportBug))
    const connection = connect<WindowCalls, WindowEvents>()
    connection.attach(port.near)
    return { ...connection, reportBug }
  }
  const neverCalled = (): never => {
    throw new Error('not expected')
  }

  test('answers arrive as values', async () => {
    expect(await open(neverCalled).client.theme({})).toEqual({ ok: true, value: 'dark' })
  })

  test('an expected failure arrives as it was thrown, and is not a bug', async () => {
    const { client, reportBug } = open(() => {
      throw new StratumError('FILE_NOT_FOUND', 'No a.tif.', 'Look elsewhere.', { path: '/a.tif' })
    })
    expect(await client.revealFile({ path: '/a.tif' })).toEqual({
      ok: false,
      error: { code: 'FILE_NOT_FOUND', message: 'No a.tif.', hint: 'Look elsewhere.', where: { path: '/a.tif' } },
    })
    expect(reportBug).not.toHaveBeenCalled()
  })

  test('an unexpected failure arrives as INTERNAL, and its stack is reported where it happened', async () => {
    const thrown = new TypeError('x is not a function')
    const { client, reportBug } = open(() => {
      throw thrown
    })
    expect(await client.revealFile({ path: '/a.tif' })).toMatchObject({ ok: false, error: { code: 'INTERNAL' } })
    expect(reportBug).toHaveBeenCalledExactlyOnceWith(thrown, 'revealFile')
  })

  test('answers find their calls in whatever order they come', async () => {
    const { client } = open(neverCalled)
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 ? client.theme({}) : client.setTitle({ title: `${i}` }))),
    )
    expect(answers.map((answer) => answer.ok && answer.value)).toEqual(Array.from({ length: 200 }, (_, i) => (i % 2 ? 'dark' : {})))
  })

  test('an input that cannot be cloned fails its own call only', async () => {
    const { client } = open(neverCalled)
    const input = { title: 'a', extra: () => 1 }
    expect(await client.setTitle(input)).toMatchObject({ ok: false, error: { code: 'PARAMETER_INVALID' } })
    expect(await client.theme({})).toMatchObject({ ok: true })
  })

  test('events reach those who listen, until they stop', async () => {
    const { on, client } = open(neverCalled)
    const emit = emitTo<WindowEvents>(port.far)
    const seen: unknown[] = []
    const stop = on('command', (payload) => seen.push(payload))
    emit('command', { id: 'newProject' })
    await client.theme({})
    stop()
    emit('command', { id: 'openProject' })
    await client.theme({})
    expect(seen).toEqual([{ id: 'newProject' }])
  })

  test('a call before the first connection waits for it', async () => {
    const connection = connect<WindowCalls, WindowEvents>()
    const answer = connection.client.theme({})
    serve(port.far, answerCalls(calls, { theme: () => 'light' as const, revealFile: neverCalled, setTitle: async () => ({}) }, vi.fn()))
    connection.attach(port.near)
    expect(await answer).toEqual({ ok: true, value: 'light' })
  })

  test('calls that wait for a lost engine fail with ENGINE_LOST, later ones reach the new engine, listeners stay', async () => {
    const connection = connect<WindowCalls, WindowEvents>()
    const seen: unknown[] = []
    connection.on('command', (payload) => seen.push(payload))
    connection.attach(port.near)
    const waiting = connection.client.theme({})
    connection.detach('The engine ended unexpectedly (signal SIGKILL).')
    expect(await waiting).toMatchObject({ ok: false, error: { code: 'ENGINE_LOST', message: expect.stringContaining('SIGKILL') } })

    const later = connection.client.theme({})
    const next = openPort()
    serve(next.far, answerCalls(calls, { theme: () => 'light' as const, revealFile: neverCalled, setTitle: async () => ({}) }, vi.fn()))
    connection.attach(next.near)
    expect(await later).toEqual({ ok: true, value: 'light' })
    emitTo<WindowEvents>(next.far)('command', { id: 'help' })
    await connection.client.theme({})
    expect(seen).toEqual([{ id: 'help' }])
    next.close()
  })

  test('an engine that dies before it listened fails the calls that waited for it', async () => {
    const connection = connect<WindowCalls, WindowEvents>()
    const waiting = connection.client.theme({})
    connection.detach('It could not be started.')
    expect(await waiting).toMatchObject({ ok: false, error: { code: 'ENGINE_LOST' } })
  })

  test('typed arrays arrive with their type and every bit', async () => {
    const values = new Float32Array([0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4028235e38])
    serve(port.far, answerCalls({ readRaster: engineCalls.readRaster }, { readRaster: () => ({ values }) }, vi.fn()))
    const connection = connect<EngineCalls, EngineEvents>()
    connection.attach(port.near)
    expect(await connection.client.readRaster({ dataset: 1, bands: [0], window })).toEqual({ ok: true, value: { values } })
  })
})

describe('over the channel of a child process', () => {
  test('typed arrays arrive with their type and every bit', async () => {
    const { near, child } = openChild(fileURLToPath(new URL('../helpers/echoEngine.ts', import.meta.url)))
    const { client, attach } = connect<EngineCalls, EngineEvents>()
    attach(near)
    const raster = await client.readRaster({ dataset: 1, bands: [0, 1, 2], window })
    const expected = Float32Array.from({ length: 3 * 300 * 200 }, (_, i) => (i === 0 ? Number.NaN : i / 3))
    expect(raster).toEqual({ ok: true, value: { values: expected } })

    const sample = await client.sampleLatents({ latents: 1, count: 2 })
    expect(sample).toEqual({
      ok: true,
      value: {
        n: 2,
        codeSize: 1,
        codes: new Float32Array([-0, Number.POSITIVE_INFINITY]),
        rows: new Float64Array([2 ** 53 - 1, 0]),
        labels: new Uint16Array([65_535, 0]),
        scores: null,
      },
    })
    child.kill()
    await once(child, 'exit')
  })
})
