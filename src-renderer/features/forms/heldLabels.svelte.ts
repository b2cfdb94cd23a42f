/** What labels hold: what counts as anomalous or as unlabelled is chosen among it. */
import { engine } from '../../lib/bridge.ts'
import { formatCount, formatNumber } from '../../lib/format.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'

const mostNamed = 6

export class HeldLabels {
  readonly #answer = new Answer(engine.listLabels)
  status = $derived(this.#answer.status)
  error = $derived(this.#answer.error)
  #known = $derived(this.#answer.status === 'ready' ? this.#answer.value : null)
  /** Null where nobody can choose among them; none while they are read, so that they are never typed meanwhile. */
  names = $derived(this.#answer.status === 'reading' ? [] : (this.#known?.values.map(({ name }) => name) ?? null))
  /** Attributes of polygons that may name their class. */
  fields = $derived(this.#known?.fields ?? [])

  /** Asks for a field of a dataset or a file beside it; null forgets what was there. */
  ask(dataset: number | null, labels: unknown, field: unknown): void {
    const wanted = dataset !== null && typeof labels === 'string' && labels !== ''
    void this.#answer.ask(wanted ? { dataset, labels, field: typeof field === 'string' ? field : null } : null)
  }

  /** What fields of a form are chosen among: attributes for `field`, label values for `values`. */
  choicesFor(field: string, ...values: readonly string[]): Readonly<Record<string, readonly string[]>> {
    const { names, fields } = this
    return {
      ...(names && Object.fromEntries(values.map((value) => [value, names]))),
      ...(fields.length > 0 && { [field]: fields }),
    }
  }

  /** '0: 7 983, 1: 17; 40 pixels without a label.' */
  words(nouns: readonly [string, string]): string {
    if (this.#known === null) return ''
    const { values, total, unlabelled } = this.#known
    const named = values.slice(0, mostNamed).map(({ name, rows }) => `${name}: ${formatCount(rows)}`)
    const more = total > mostNamed ? ` and ${formatNumber(total - mostNamed)} more` : ''
    const without = unlabelled > 0 ? `; ${formatCount(unlabelled)} ${nouns[unlabelled === 1 ? 0 : 1]} without a label` : ''
    return `${named.join(', ')}${more}${without}.`
  }
}
