/** A worker thread that owns numeric sessions: it answers one request after another; see numericWorker.ts for the other end. */
import { parentPort } from 'node:worker_threads'
import type { EmittedProgram } from './emit/emit.ts'
import { openSession } from './executors/session.ts'
import type { Executor, HostArrays } from './step.ts'

export type Request = { readonly id: number } & (
  | { readonly kind: 'open'; readonly program: EmittedProgram; readonly threads: number }
  /** `inputs` null: those of the last run of this session. */
  | {
      readonly kind: 'run'
      readonly session: number
      readonly state: HostArrays
      readonly inputs: HostArrays | null
      readonly scan: HostArrays
      readonly steps: number
    }
  | { readonly kind: 'close'; readonly session: number }
  /** Closes every session; being last in line it also means that nothing runs any more. */
  | { readonly kind: 'end' }
)
export type Answer = { readonly id: number } & (
  | { readonly kind: 'opened'; readonly name: string }
  | { readonly kind: 'ran'; readonly state: HostArrays; readonly out: HostArrays }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string }
)

const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')

/** Sessions by the id of the request that opened them, each with its resident inputs. */
const sessions = new Map<number, { executor: Executor; inputs: HostArrays }>()

async function answer(request: Request): Promise<Answer> {
  const { id } = request
  switch (request.kind) {
    case 'open': {
      const executor = await openSession(request.program, request)
      sessions.set(id, { executor, inputs: {} })
      return { id, kind: 'opened', name: executor.name }
    }
    case 'run': {
      const session = sessions.get(request.session)
      if (!session) throw new Error('the numeric session is closed')
      if (request.inputs) session.inputs = request.inputs
      return { id, kind: 'ran', ...(await session.executor.run(request.state, session.inputs, request.scan, request.steps)) }
    }
    case 'close': {
      await sessions.get(request.session)?.executor.close()
      sessions.delete(request.session)
      return { id, kind: 'closed' }
    }
    case 'end': {
      for (const { executor } of sessions.values()) await executor.close()
      sessions.clear()
      return { id, kind: 'closed' }
    }
  }
}

// One at a time: two sessions running at once would fight for the same cores.
let last: Promise<void> = Promise.resolve()
port.on('message', (request: Request) => {
  last = last.then(async () => {
    const reply = await answer(request).catch(
      (error: unknown): Answer => ({ id: request.id, kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
    port.postMessage(reply)
  })
})
