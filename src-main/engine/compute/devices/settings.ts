/**
 * Where a project computes: device and threads, remembered in the project's settings. A request that names a device goes
 * before them; 'auto', asked for or remembered, becomes the device that is fastest here.
 *
 * Rows of the call table: `devices` lists what there is, `probeDevice` measures one, `computeSettings` and
 * `setComputeSettings` read and change what is remembered; `run` without a device takes it.
 */
import { availableParallelism } from 'node:os'
import { StratumError } from '#common/errors.ts'
import type { ComputeSettings } from '#common/contract/engine.ts'
import { bundledProviders, providers } from '../executors/gpu/provider.ts'
import { probe } from './probe.ts'

/** The part of a project that is needed here. */
interface Remembering {
  setting(key: string): unknown
  setSetting(key: string, value: string | number | null): void
}
const keys = { device: 'compute/device', threads: 'compute/threads' } as const

/** Threads when nobody says: one core stays for the window. */
export const defaultThreads = (): number => Math.max(1, availableParallelism() - 1)

export function computeSettings(project: Pick<Remembering, 'setting'>): ComputeSettings {
  const cores = availableParallelism()
  const device = project.setting(keys.device)
  const threads = project.setting(keys.threads)
  return {
    device: typeof device === 'string' ? device : 'cpu',
    // A project may come from a computer with more.
    threads: typeof threads === 'number' ? Math.min(cores, threads) : null,
    cores,
    defaultThreads: defaultThreads(),
  }
}

/** @param threads  null goes back to the default */
export function setComputeSettings(
  project: Remembering,
  { device, threads }: { device?: string; threads?: number | null },
): ComputeSettings {
  if (device !== undefined) project.setSetting(keys.device, known(device))
  if (threads !== undefined) project.setSetting(keys.threads, threads)
  return computeSettings(project)
}

const deviceIds = ['auto', 'cpu', ...providers.map(({ id }) => id)]

function known(device: string): string {
  if (deviceIds.includes(device)) return device
  throw new StratumError('DEVICE_UNAVAILABLE', `There is no device '${device}'.`, `Choose one of ${deviceIds.join(', ')}.`, { device })
}

/**
 * The device that a request is computed on, never 'auto'.
 *
 * @param operation  one that computes the same everywhere is not worth measuring anything for
 */
export async function deviceFor(
  project: Pick<Remembering, 'setting'>,
  operation: { readonly ignores?: readonly string[] },
  asked?: string,
): Promise<string> {
  const device = known(asked ?? computeSettings(project).device)
  if (operation.ignores?.includes('device')) return 'cpu'
  return device === 'auto' ? fastest() : device
}

/** A card has to be clearly faster: copying to it and starting its kernels costs too. */
const worthACard = 3
let choice: Promise<string> | null = null

/** Measured once; a card that comes later is found when the engine starts again. */
function fastest(): Promise<string> {
  choice ??= (async () => {
    const cards = providers.filter(({ id }) => bundledProviders().has(id))
    let best = { device: 'cpu', gflops: worthACard * ((await probe('cpu', defaultThreads())).gflops ?? 0) }
    for (const { id } of cards) {
      const { gflops } = await probe(id, 1)
      if (gflops !== null && gflops > best.gflops) best = { device: id, gflops }
    }
    return best.device
  })()
  return choice
}
