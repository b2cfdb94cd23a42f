/** What the engine and a graphics process say to each other: numbered requests, one answer each, in order. */
import type { HostArrays } from '../../step.ts'
import type { OperationProgram } from './operations.ts'
import type { StepPrograms } from './programs.ts'
import type { Provider } from './provider.ts'

export type Request = { readonly id: number } /** The id of this request is the number of the session. */ & (
  | { readonly kind: 'open'; readonly programs: StepPrograms; readonly providerId: Provider['id'] }
  /** Only asks the driver for the card. */
  | { readonly kind: 'attempt'; readonly providerId: Provider['id'] }
  /** Names the operations that the provider has no version of. */
  | { readonly kind: 'examine'; readonly programs: readonly OperationProgram[]; readonly providerId: Provider['id'] }
  /** A stretch of an array that the next 'load' puts in place: whole data sets in one message would be in memory four times. */
  | {
      readonly kind: 'part'
      readonly session: number
      readonly role: 'state' | 'inputs'
      readonly name: string
      readonly shape: readonly number[]
      readonly length: number
      readonly offset: number
      readonly values: Float32Array | Int32Array
    }
  | { readonly kind: 'load'; readonly session: number }
  | { readonly kind: 'run'; readonly session: number; readonly scan: HostArrays; readonly steps: number }
  | { readonly kind: 'state'; readonly session: number }
  | { readonly kind: 'close'; readonly session: number }
)
export type Unnumbered<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never

export type Answer = { readonly id: number } & (
  | { readonly kind: 'done' }
  | { readonly kind: 'arrays'; readonly arrays: HostArrays }
  | { readonly kind: 'examined'; readonly missing: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string }
)
