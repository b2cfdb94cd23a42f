import { expect, test, vi } from 'vitest'
import { executorWords, whereWords } from '../../../../../src-renderer/features/compute/words.ts'
import { Compute } from '../../../../../src-renderer/lib/state/compute.svelte.ts'
import type { Session } from '../../../../../src-renderer/lib/state/session.svelte.ts'

function setUp(project: object | null = {}) {
  let remembered = { device: 'cpu', threads: null as number | null, cores: 4, defaultThreads: 3 }
  const session = {
    project,
    devices: [{ id: 'cpu', title: 'Processor', available: true, reason: '', memoryBytes: null }],
    settle: (_: string, result: { ok: boolean; value: unknown }) => (result.ok ? result.value : null),
  } as unknown as Session
  const probe = vi.fn(async ({ device }: { device: string; threads?: number }) => ({
    ok: true as const,
    value: { device, gflops: device === 'cpu' ? 40 : 900, threads: device === 'cpu' ? 3 : null, reason: null },
  }))
  const engine = {
    computeSettings: async () => ({ ok: true as const, value: remembered }),
    setComputeSettings: async (change: object) => {
      remembered = { ...remembered, ...change }
      return { ok: true as const, value: remembered }
    },
    probeDevice: probe,
  } as unknown as ConstructorParameters<typeof Compute>[1]
  return { compute: new Compute(session, engine), probe }
}

test('without a project nothing is chosen', async () => {
  const { compute } = setUp(null)
  await compute.read()
  expect(compute.settings).toBeNull()
  expect(whereWords(compute)).toBe('')
})

test('threads are the default until they are set, and can go back to it', async () => {
  const { compute } = setUp()
  await compute.read()
  expect(whereWords(compute)).toBe('Processor, 3 of 4 cores')
  await compute.setThreads(2)
  expect(whereWords(compute)).toBe('Processor, 2 of 4 cores')
  await compute.setThreads(null)
  expect(compute.threads).toBe(3)
  await compute.choose('auto')
  expect(whereWords(compute)).toBe('The fastest device')
})

test('a device that this computer does not have is the processor’s work', async () => {
  const { compute } = setUp()
  await compute.choose('webgpu')
  expect(compute.isAbsent).toBe(true)
  expect(whereWords(compute)).toBe('Processor, no card found')
})

test('devices are measured one after the other, the processor with the threads a run would get', async () => {
  const { compute, probe } = setUp()
  await compute.read()
  const measured = compute.measure(['cpu', 'webgpu'])
  expect(compute.measuring).toEqual({ device: 'cpu', done: 0, of: 2 })
  await measured
  expect(probe.mock.calls.map(([asked]) => asked)).toEqual([
    { device: 'cpu', threads: 3 },
    { device: 'webgpu', threads: 3 },
  ])
  expect(compute.speeds.get('webgpu')?.gflops).toBe(900)
  expect(compute.measuring).toBeNull()
})

test('a measurement that was cancelled leaves no figure', async () => {
  const { compute, probe } = setUp()
  const measured = compute.measure(['cpu', 'webgpu'])
  compute.stopMeasuring()
  await measured
  expect(compute.speeds.size).toBe(0)
  expect(probe).toHaveBeenCalledTimes(1)
  expect(compute.measuring).toBeNull()
})

test('what really computed a run is told apart from what was asked for', () => {
  expect(executorWords('ONNX Runtime, CPU')).toEqual({ name: 'ONNX Runtime, CPU', fellBack: false })
  expect(executorWords('ONNX Runtime, CPU (after the graphics card failed: out of memory)')).toEqual({
    name: 'ONNX Runtime, CPU',
    fellBack: true,
  })
})
