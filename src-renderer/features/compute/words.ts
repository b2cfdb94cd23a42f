/** Devices and what computes a run, in words. */
import type { Compute } from '../../lib/state/compute.svelte.ts'
import { formatSignificant } from '../../lib/format.ts'

export const formatGflops = (gflops: number): string => `${formatSignificant(gflops, 2)}\u202fGFLOP/s`

/** 'Processor, 3 of 4 cores', 'Graphics card (WebGPU)', 'the fastest device'. */
export function whereWords({ settings, device, threads, isAbsent }: Pick<Compute, 'settings' | 'device' | 'threads' | 'isAbsent'>): string {
  if (!settings) return ''
  if (settings.device === 'auto') return 'The fastest device'
  if (isAbsent) return 'Processor, no card found'
  if (settings.device !== 'cpu') return device?.title ?? settings.device
  return `Processor, ${threads} of ${settings.cores} core${settings.cores === 1 ? '' : 's'}`
}

/** The name an engine records of what computed the steps, and why that is not what was asked for. */
export function executorWords(executor: string): { name: string; fellBack: boolean } {
  const [name = executor] = executor.split(' (')
  return { name, fellBack: executor.includes('after the graphics card failed') }
}
