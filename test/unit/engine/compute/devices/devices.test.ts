import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { probe } from '#engine/compute/devices/probe.ts'
import { computeSettings, defaultThreads, deviceFor, setComputeSettings } from '#engine/compute/devices/settings.ts'
import { loadTensorflow, missingLibraries } from '#engine/compute/devices/tensorflow.ts'
import { openEager } from '#engine/compute/executors/eager.ts'
import { scalar } from '#engine/compute/tfjs.ts'
import { listDevices } from '#engine/compute/devices.ts'

/** What a project remembers, without a project. */
function memory(values: Record<string, unknown> = {}) {
  return {
    setting: (key: string) => values[key],
    setSetting(key: string, value: string | number | null) {
      values[key] = value
    },
  }
}

test('the list has a processor, and says of everything else what it is for or why it is absent', async () => {
  const devices = await listDevices()
  expect(devices.map(({ id }) => id)).toEqual(expect.arrayContaining(['cpu', 'webgpu', 'tensorflow']))
  expect(devices[0]).toMatchObject({ id: 'cpu', available: true })
  for (const { reason } of devices) expect(reason).toMatch(/^[A-Z@].{20,}\.$/)
})

test('a driver that does not answer in time is no reason to wait', async () => {
  const devices = await listDevices(0)
  expect(devices.find(({ id }) => id === 'webgpu')).toBeDefined()
})

test('names the libraries of CUDA that are missing, and no others', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratum-cuda-'))
  writeFileSync(join(folder, 'libcudart.so.11.0'), '')
  const missing = missingLibraries([folder])
  expect(missing).not.toContain('libcudart.so.11.0')
  if (process.platform === 'linux') expect(missing).toContain('libcudnn.so.8')
  rmSync(folder, { recursive: true })
})

test('TensorFlow steps need its native library, and say what is missing', async () => {
  const problem = await loadTensorflow()
  const opened = openEager({ state: {}, inputs: {}, scan: {} }, () => ({ state: {}, out: { one: scalar(1) } }), 'tensorflow')
  if (problem === null) expect((await (await opened).run({}, 1)).one.values).toEqual(Float32Array.of(1))
  else await expect(opened).rejects.toMatchObject({ code: 'DEVICE_UNAVAILABLE', message: problem })
})

test('a probe multiplies matrices on the processor and gives thousand millions of operations a second', async () => {
  const { gflops, threads, reason } = await probe('cpu', 1)
  expect(gflops).toBeGreaterThan(0.1)
  expect([threads, reason]).toEqual([1, null])
})

test('a probe of a device that is not there says so', async () => {
  expect(await probe('abacus', 1)).toEqual({
    device: 'abacus',
    gflops: null,
    threads: null,
    reason: 'ONNX Runtime for this computer comes without it',
  })
})

test('a project remembers device and threads; what is left out stays, and null is the default again', () => {
  const project = memory()
  const cores = availableParallelism()
  expect(computeSettings(project)).toEqual({ device: 'cpu', threads: null, cores, defaultThreads: defaultThreads() })
  expect(setComputeSettings(project, { device: 'webgpu', threads: 1 })).toMatchObject({ device: 'webgpu', threads: 1 })
  expect(setComputeSettings(project, { threads: null })).toMatchObject({ device: 'webgpu', threads: null })
  expect(computeSettings(memory({ 'compute/threads': 10_000 })).threads).toBe(cores)
  expect(() => setComputeSettings(project, { device: 'abacus' })).toThrow(/no device 'abacus'/)
})

test('the default leaves a core for the window', () => {
  expect(defaultThreads()).toBe(Math.max(1, availableParallelism() - 1))
})

test('a named device is itself, and another one is refused with the names there are', async () => {
  expect(await deviceFor(memory(), {})).toBe('cpu')
  expect(await deviceFor(memory({ 'compute/device': 'webgpu' }), {})).toBe('webgpu')
  expect(await deviceFor(memory({ 'compute/device': 'webgpu' }), {}, 'cpu')).toBe('cpu')
  expect(await deviceFor(memory({ 'compute/device': 'auto' }), { ignores: ['device'] })).toBe('cpu')
  await expect(deviceFor(memory(), {}, 'abacus')).rejects.toMatchObject({
    code: 'DEVICE_UNAVAILABLE',
    hint: expect.stringContaining('webgpu'),
  })
})
