/** A traced step in the form in which it runs fastest on the CPU. */
import { emit, type EmittedProgram } from './emit/emit.ts'
import { segmented } from './segments/cut.ts'
import { memoryOf, mostBytes } from './segments/layout.ts'
import type { SegmentedProgram } from './segments/plan.ts'
import { worthSparse } from './sparse/densely.ts'
import type { Program } from './trace/trace.ts'

/** For the CPU: parts where codes are sparse enough, else one ONNX program that loops. */
export type CompiledProgram = EmittedProgram | SegmentedProgram

export function compile(program: Program): CompiledProgram {
  if (!worthSparse(program)) return emit(program, 'loop')
  const parts = segmented(program)
  return memoryOf(parts).bytes <= mostBytes ? parts : emit(program, 'loop')
}
