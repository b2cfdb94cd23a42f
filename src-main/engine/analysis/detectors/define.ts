/**
 * A way to say how unusual a row is: `defineDetector({ id, title, …, params, fit })`, one file per method and a line in registry.ts. A
 * detector knows rows of numbers; what those are (prepared columns, codes, residuals, or several side by side) is said by who calls it.
 */
import type { z } from 'zod'
import type { MethodDeclaration, MethodRun } from '../methods/define.ts'

export interface FittedDetector {
  /**
   * @param X   [n × d] row-major, finite
   * @param out [n] higher is more unusual; no row's score depends on the others given with it
   * @param own [n] which of the rows learned from each row is, −1 for none of them; without it all are new. A row learned from is not
   *            its own neighbour, and not counted twice: it scores as it did in learning (PyOD's decision_scores_).
   */
  score(X: Float32Array, n: number, out: Float64Array, own?: Int32Array): Promise<void> | void
  /**
   * What each column adds to a row's score, out [n × d] ≥ 0, where the method can say it exactly: up to a constant (where scores can
   * be negative) it adds up to the score.
   */
  blame?(X: Float32Array, n: number, out: Float32Array, own?: Int32Array): Promise<void> | void
  /** Ends what it started to score with (threads); call it when the last row is scored. */
  close?(): Promise<void>
}

export interface Detector<Schema extends z.ZodObject = z.ZodObject> extends MethodDeclaration<Schema> {
  /** Rows it can learn from in memory and minutes; more are sampled evenly. */
  readonly mostRows: number
  /** @param X [n × d] row-major, finite. Memory beside it is said in the method's header. */
  fit(X: Float32Array, n: number, d: number, params: z.output<Schema>, run: MethodRun): Promise<FittedDetector>
}

export const defineDetector = <Schema extends z.ZodObject>(detector: Detector<Schema>): Detector<Schema> => detector
