/**
 * Where the open project computes: what it remembers of device and threads, and how fast each device is here. Speeds are
 * measured on demand and kept while the window is open: they belong to the computer, not to the project.
 */
import type { Client } from '#common/contract/calls.ts'
import type { ComputeSettings, DeviceDescription, EngineCalls } from '#common/contract/engine.ts'
import type { Session } from './session.svelte.ts'

type Engine = Pick<Client<EngineCalls>, 'computeSettings' | 'setComputeSettings' | 'probeDevice'>

export interface Speed {
  /** Null with the reason where it could not be measured. */
  readonly gflops: number | null
  readonly threads: number | null
  readonly reason: string | null
}

export class Compute {
  /** Null while no project is open. */
  settings = $state.raw<ComputeSettings | null>(null)
  /** By device. */
  speeds = $state.raw<ReadonlyMap<string, Speed>>(new Map())
  /** What is being measured, and how many of how many are done. */
  measuring = $state.raw<{ readonly device: string; readonly done: number; readonly of: number } | null>(null)
  /** The threads the next run gets on the processor. */
  threads = $derived(this.settings ? (this.settings.threads ?? this.settings.defaultThreads) : null)
  #measurement = 0
  readonly #session: Session
  readonly #engine: Engine

  constructor(session: Session, engine: Engine) {
    this.#session = session
    this.#engine = engine
  }

  /** The device that is chosen; null for the fastest, or while it is not known. */
  get device(): DeviceDescription | null {
    return this.#session.devices.find(({ id }) => id === this.settings?.device) ?? null
  }

  /** The project asks for a device this computer does not have: the processor does its work. */
  get isAbsent(): boolean {
    return this.settings !== null && this.settings.device !== 'auto' && this.device?.available !== true
  }

  /** What the project remembers; nothing without a project. */
  async read(): Promise<void> {
    if (!this.#session.project) {
      this.settings = null
      return
    }
    this.settings = this.#session.settle('The settings of this project could not be read', await this.#engine.computeSettings({}))
  }

  async choose(device: string): Promise<void> {
    await this.#set({ device })
  }
  /** @param threads  null goes back to the default */
  async setThreads(threads: number | null): Promise<void> {
    await this.#set({ threads })
  }

  async #set(change: { device?: string; threads?: number | null }): Promise<void> {
    const settings = this.#session.settle('The choice could not be kept', await this.#engine.setComputeSettings(change))
    if (settings) this.settings = settings
  }

  /** One device after the other, so that none disturbs another. */
  async measure(devices: readonly string[]): Promise<void> {
    const own = ++this.#measurement
    for (const [done, device] of devices.entries()) {
      this.measuring = { device, done, of: devices.length }
      const answer = await this.#engine.probeDevice({ device, ...(this.threads === null ? {} : { threads: this.threads }) })
      if (own !== this.#measurement) return
      const speed = this.#session.settle('The speed could not be measured', answer)
      if (!speed) break
      this.speeds = new Map([...this.speeds, [device, speed]])
    }
    this.measuring = null
  }

  /** The device under way is finished unheard; it takes two seconds at most. */
  stopMeasuring(): void {
    this.#measurement++
    this.measuring = null
  }
}
