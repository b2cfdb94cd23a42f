import { expect, test } from '@playwright/test'
import { enginePid, launchApp, type RunningApp } from './launch.ts'

test.setTimeout(30_000)

let running: RunningApp
test.beforeEach(async () => {
  running = await launchApp()
})
test.afterEach(async () => {
  await running.close({ keepProfile: false })
})

/**
 * The page's own modules are not reachable from a test, so the test speaks to the engine over a port as the page does. The
 * first port may be the page's own, which the main process closes when the test asks for one: every port is asked until one answers.
 */
const describeFromPage = () =>
  new Promise<{ ok: boolean; value?: { version: string }; error?: { code: string } }>((resolve) => {
    const onPort = ({ data, ports }: MessageEvent) => {
      if (data !== 'engine-port') return
      ports[0].onmessage = (event) => {
        if (event.data.kind !== 'reply') return
        window.removeEventListener('message', onPort)
        resolve(event.data.result)
      }
      ports[0].postMessage({ kind: 'call', id: 'test', name: 'describe', input: {} })
    }
    window.addEventListener('message', onPort)
    ;(window as unknown as { stratum: { ready(): void } }).stratum.ready()
  })

test('the window opens without an error in its console', async () => {
  const { app, page, errors } = running
  await expect(page.locator('body')).not.toBeEmpty()
  const size = await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getMinimumSize())
  expect(size).toEqual([1024, 640])
  // Time for late errors: a refused resource, a failed call.
  await page.waitForTimeout(1000)
  expect(errors).toEqual([])
})

test('the page reaches neither Node nor Electron nor the network', async () => {
  const { page } = running
  const reachable = await page.evaluate(() => ['require', 'process', 'module', 'Buffer'].filter((name) => name in window))
  expect(reachable).toEqual([])
  expect(
    await page.evaluate(() =>
      fetch('https://example.org').then(
        () => 'answered',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
  expect(
    await page.evaluate(() =>
      fetch('file:///etc/hostname').then(
        () => 'answered',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
  expect(await page.evaluate(() => fetch('app://stratum/../package.json').then(({ status }) => status))).toBe(404)
  // In a later task, because the debugger's own evaluation is exempt from the page's policy.
  const evaluated = await page.evaluate(
    () =>
      new Promise((resolve) => {
        setTimeout(() => {
          try {
            resolve(new Function('return "evaluated"')())
          } catch {
            resolve('refused')
          }
        })
      }),
  )
  expect(evaluated).toBe('refused')
  expect(await page.evaluate(() => window.open('https://example.org'))).toBeNull()
})

test('the engine answers describe', async () => {
  const answer = await running.page.evaluate(describeFromPage)
  expect(answer).toMatchObject({ ok: true })
})

test('an engine that is killed is started again, and the window goes on', async () => {
  const { app, page } = running
  await page.evaluate(describeFromPage)
  const before = await enginePid(app)
  await page.evaluate(() => {
    const { stratum } = window as unknown as { stratum: { onEvent(listener: (name: string, payload: unknown) => void): void } }
    stratum.onEvent((name, payload) => {
      if (name === 'engineRestarted') Object.assign(window, { restarted: payload })
    })
  })
  process.kill(before, 'SIGKILL')
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { restarted?: unknown }).restarted))
    .toEqual({ reason: expect.stringContaining('ended unexpectedly') })
  expect(await enginePid(app)).not.toBe(before)
  expect(await page.evaluate(describeFromPage)).toMatchObject({ ok: true })
})

test('a native call with a wrong input is refused, and the theme is remembered in the profile', async () => {
  const { page, userData } = running
  const call = (name: string, input: unknown) =>
    page.evaluate(
      ({ name, input }) =>
        (window as unknown as { stratum: { call(name: string, input: unknown): Promise<unknown> } }).stratum.call(name, input),
      { name, input },
    )
  expect(await call('setTheme', { theme: 'pink' })).toMatchObject({
    ok: false,
    error: { code: 'PARAMETER_INVALID', where: { parameter: 'theme' } },
  })
  expect(await call('setTheme', { theme: 'dark' })).toMatchObject({ ok: true })
  expect(await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(true)
  expect(await call('systemLoad', {})).toMatchObject({ ok: true, value: { engineBytes: expect.any(Number) } })

  await running.close({ keepProfile: true })
  running = await launchApp({ userData })
  expect(await running.page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(true)
})

test('a project that the desktop opens reaches the window as a command', async () => {
  const { app, page } = running
  await page.evaluate(() => {
    const { stratum } = window as unknown as { stratum: { onEvent(listener: (name: string, payload: unknown) => void): void } }
    const seen: unknown[] = []
    Object.assign(window, { seen })
    stratum.onEvent((name, payload) => {
      if (name === 'command') seen.push(payload)
    })
  })
  await app.evaluate(({ app }) => {
    app.emit('second-instance', {}, ['stratum', '--flag', '/nowhere/basin.stratum'])
    app.emit('open-file', { preventDefault() {} }, '/nowhere/range.stratum')
  })
  await expect
    .poll(() => page.evaluate(() => (window as unknown as { seen: unknown[] }).seen))
    .toEqual([
      { id: 'openProject', path: '/nowhere/basin.stratum' },
      { id: 'openProject', path: '/nowhere/range.stratum' },
    ])
})
