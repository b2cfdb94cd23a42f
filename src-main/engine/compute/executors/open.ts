/**
 * The one way to run steps on the device that was asked for:
 *
 *   const executor = await openExecutor(program, {
 *     device: 'webgpu',                                                  // as listed by devices.ts; 'auto' and 'cpu' too
 *     openOnProcessor: () => worker.open(emit(program, 'loop'), threads),
 *     notify: (message) => report(message),                              // a warning for the user, at most one per executor
 *     signal,
 *   })
 *
 * The answer is always an executor that runs: where the device is absent, cannot run this program (but for a few operations, which
 * the processor then does within each step), computes something else in the first step, or fails later, the processor does it, `notify` is told why, and `executor.name`, which is what to record
 * with the result, says so from then on. Nothing is lost: steps since the last read-back are run again (gpu/guarded.ts). Ask
 * for `state()` at checkpoints only: on a card it is what takes time.
 */
import { throwIfCancelled } from '#common/errors.ts'
import { reachable } from '../passes/rewrite.ts'
import { densely } from '../sparse/densely.ts'
import type { Executor } from '../step.ts'
import type { Program } from '../trace/trace.ts'
import { type CardExecutor, GraphicsFailure, processOf } from './gpu/graphicsProcess.ts'
import { fallbackName, GuardedExecutor, knownTrial, rememberTrial } from './gpu/guarded.ts'
import { operationPrograms } from './gpu/operations.ts'
import { stepPrograms, type StepPrograms } from './gpu/programs.ts'
import { bundledProviders, type Provider, providerById } from './gpu/provider.ts'

export interface OpenOptions {
  /** Id of a device. */
  readonly device: string
  readonly openOnProcessor: () => Promise<Executor>
  /** Told in a sentence when the processor does what another device was asked for. */
  readonly notify: (message: string) => void
  readonly signal: AbortSignal
}

/** @throws CANCELLED, and what `openOnProcessor` throws; never because of a graphics card */
export async function openExecutor(program: Program, options: OpenOptions): Promise<Executor> {
  const { device, openOnProcessor } = options
  if (device === 'cpu') return openOnProcessor()
  const provider = providerById(device)
  if (!provider || !bundledProviders().has(device)) return instead(options, `there is no device ‘${device}’ here`)
  return openOnCard(program, provider, options)
}

async function openOnCard(program: Program, provider: Provider, options: OpenOptions): Promise<Executor> {
  const { openOnProcessor, notify, signal } = options
  const programs = stepPrograms(program, provider)
  const trialKey = `${provider.id} ${programs.hash}`
  const known = knownTrial(trialKey)
  if (known) return instead(options, known)
  const guard = (card: CardExecutor): Executor =>
    new GuardedExecutor(card, { openOnProcessor, trialKey, card: `The graphics card (${provider.title})`, notify, signal })
  // Compiling a program for a card can take half a minute: cancelling ends the process that does it.
  const abandon = (): void => processOf(provider).abandon()
  signal.addEventListener('abort', abandon, { once: true })
  try {
    return guard(await processOf(provider).open(programs))
  } catch (error) {
    throwIfCancelled(signal)
    if (!(error instanceof GraphicsFailure)) throw error
    if (error.passing) return instead(options, error.reason)
    const missing = await missingOn(provider, program)
    const mixed = missing.few ? await openMixed(programs, provider, missing.names) : null
    if (mixed) return guard(mixed)
    const reason = missing.names.length ? `it has no version of ${missing.names.join(', ')}` : error.reason
    throwIfCancelled(signal)
    rememberTrial(trialKey, reason)
    return instead(options, reason)
  } finally {
    signal.removeEventListener('abort', abandon)
  }
}

/** So many operations of a step may be the processor's; with more, the card would mostly wait for arrays. */
const fewOperations = 4

async function missingOn(provider: Provider, program: Program): Promise<{ names: readonly string[]; few: boolean }> {
  const dense = densely(program)
  const operations = operationPrograms(dense)
  const failing = await processOf(provider)
    .examine(operations)
    .catch((): readonly string[] => []) // then the card itself is what fails, and the reason is known already
  // Where nothing at all runs it is the card or its driver, not what the program is made of.
  const isAll = new Set(failing).size === new Set(operations.map(({ op }) => op)).size
  const names = isAll ? [] : failing
  const count = reachable(dense).filter(({ op }) => names.includes(op)).length
  return { names, few: count > 0 && count <= fewOperations }
}

async function openMixed(programs: StepPrograms, provider: Provider, names: readonly string[]): Promise<CardExecutor | null> {
  try {
    const card = await processOf(provider).open({ ...programs, mixed: true })
    return { ...card, name: `${card.name} (${names.join(', ')} on the processor)` }
  } catch (error) {
    if (error instanceof GraphicsFailure) return null // the reason that is told is what was missing
    throw error
  }
}

async function instead({ openOnProcessor, notify }: OpenOptions, reason: string): Promise<Executor> {
  notify(`The graphics card is not used: ${reason}. The processor does the work.`)
  const processor = await openOnProcessor()
  return {
    name: fallbackName(processor, reason),
    load: (given) => processor.load(given),
    run: (scan, steps) => processor.run(scan, steps),
    state: () => processor.state(),
    close: () => processor.close(),
  }
}
