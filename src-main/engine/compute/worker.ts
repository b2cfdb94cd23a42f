/** A worker thread that owns numeric sessions: it answers one request after another; see numericWorker.ts for the other end. */
import { parentPort } from 'node:worker_threads'
import type { CompiledProgram } from './compile.ts'
import { openSegmented } from './executors/segmented.ts'
import { openSession } from './executors/session.ts'
import type { Executor, HostArrays } from './step.ts'

export type Request = { readonly id: number } & (
  | { readonly kind: 'open'; readonly program: CompiledProgram; readonly threads: number }
  | { readonly kind: 'load'; readonly session: number; readonly state: HostArrays; readonly inputs: HostArrays }
  | { readonly kind: 'run'; readonly session: number; readonly scan: HostArrays; readonly steps: number }
  | { readonly kind: 'state'; readonly session: number }
  | { readonly kind: 'close'; readonly session: number }
  /** Closes every session; being last in line it also means that nothing runs any more. */
  | { readonly kind: 'end' }
)
export type Answer = { readonly id: number } & (
  | { readonly kind: 'opened'; readonly name: string }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'arrays'; readonly arrays: HostArrays }
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly message: string }
)

const port = parentPort
if (!port) throw new Error('worker.ts runs in a worker thread only')

/** Sessions by the id of the request that opened them. */
const sessions = new Map<number, Executor>()

function opened(session: number): Executor {
  const executor = sessions.get(session)
  if (!executor) throw new Error('the numeric session is closed')
  return executor
}

async function answer(request: Request): Promise<Answer> {
  const { id } = request
  switch (request.kind) {
    case 'open': {
      const { program } = request
      const executor = await (program.mode === 'segmented' ? openSegmented(program, request) : openSession(program, request))
      sessions.set(id, executor)
      return { id, kind: 'opened', name: executor.name }
    }
    case 'load': {
      await opened(request.session).load(request)
      return { id, kind: 'loaded' }
    }
    case 'run':
      return { id, kind: 'arrays', arrays: await opened(request.session).run(request.scan, request.steps) }
    case 'state':
      return { id, kind: 'arrays', arrays: await opened(request.session).state() }
    case 'close': {
      await sessions.get(request.session)?.close()
      sessions.delete(request.session)
      return { id, kind: 'closed' }
    }
    case 'end': {
      for (const executor of sessions.values()) await executor.close()
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
