/** What the anomalies view looks at: the chosen scores with everything they were made from, and which way of looking is open. */
import { columnNoun, type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { pixelMetres } from '#common/domain/ground.ts'
import type { ModelMeta } from '#common/domain/results.ts'
import { choiceOf, type FlaggedRow, type ScoresMeta } from '#common/domain/scores.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { ErrorReport } from '#common/errors.ts'
import type { RuleValues } from '../../features/anomalies/rules.ts'
import type { Counted } from '../../features/anomalies/threshold.ts'
import { thresholds } from '../../features/anomalies/thresholds.svelte.ts'
import { columnAxis } from '../../features/clusters/profiles.ts'
import { ReviewList } from '../../features/review/reviewList.svelte.ts'
import { Verdicts } from '../../features/review/verdicts.svelte.ts'
import { selection, session, toasts } from '../../lib/app.ts'
import { ancestor, metaOf } from '../../lib/artifacts.ts'
import { engine } from '../../lib/bridge.ts'
import { learnedColumns } from '../../lib/columns.ts'
import { sentence } from '../../lib/format.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'
import { OperationDraft } from '../../lib/state/operationDraft.svelte.ts'

const restMs = 350

export type AnomaliesTab = 'findings' | 'parts' | 'compare' | 'drift'

class Look {
  tab = $state<AnomaliesTab>('findings')
  /** The look for drift that is shown; null: the newest of the model. */
  drift = $state<number | null>(null)
  #shownChoice: number | null = null
  /** Opens a look for drift that was chosen, once. */
  showDrift(chosen: number | null): void {
    if (chosen === this.#shownChoice) return
    this.#shownChoice = chosen
    if (chosen === null || session.byId.get(chosen)?.operation !== 'drift') return
    this.tab = 'drift'
    this.drift = chosen
  }
  /** The form of new scores stands in the inspector. */
  form = $state(false)
  over = $state<'scene' | 'score'>('scene')
  readonly scoreDraft = new OperationDraft(session, 'score')
  /** A model for each unit of a time series instead of one for all. */
  perUnit = $state(false)
  readonly nodesDraft = new OperationDraft(session, 'score-nodes')
  readonly rescoreDraft = new OperationDraft(session, 'rescore')
  readonly encodeDraft = new OperationDraft(session, 'encode')

  /** Newest first; those of single units are parts of the scores that hold all of them. */
  all = $derived.by(() => {
    const done = session.ofKind('scores').filter((a) => a.status === 'done')
    const parts = new Set(done.flatMap((a) => metaOf(a, 'scores').nodes?.map(({ scores }) => scores) ?? []))
    return done.filter(({ id }) => !parts.has(id)).toReversed()
  })
  scores: Artifact | null = $derived.by(() => {
    const id = session.current('scores')?.id
    return this.all.find((a) => a.id === id || metaOf(a, 'scores').nodes?.some(({ scores }) => scores === id)) ?? null
  })
  scored: ScoresMeta | null = $derived(this.scores ? metaOf(this.scores, 'scores') : null)
  latents = $derived(this.scored ? (session.byId.get(this.scored.latents) ?? null) : session.current('latents'))
  dataset = $derived(
    (this.scored && session.byId.get(this.scored.dataset)) ??
      (this.latents && ancestor(this.latents, 'dataset', session.byId)) ??
      session.current('dataset'),
  )
  data: DatasetMeta | null = $derived(this.dataset?.status === 'done' ? metaOf(this.dataset, 'dataset') : null)
  grid = $derived(this.data?.grid ?? null)
  model = $derived(this.latents ? ancestor(this.latents, 'model', session.byId) : session.current('model'))
  modelMeta: ModelMeta | null = $derived(this.model?.status === 'done' ? metaOf(this.model, 'model') : null)
  nouns = $derived(rowNoun[this.data?.kind ?? 'raster'])
  /** While it is being moved. */
  threshold = $derived(this.scores ? thresholds.of(this.scores) : 0)
  /** The one that was set, for what is asked of the engine. */
  settled = $derived(this.scores?.annotations.threshold ?? this.scored?.threshold ?? 0)
  rowM2 = $derived.by(() => {
    const metres = this.grid ? pixelMetres(this.grid) : null
    return metres ? metres[0] * metres[1] : null
  })
  learned = $derived(this.data && this.modelMeta ? learnedColumns(this.data, this.modelMeta) : { numbers: [], categories: [] })
  axis = $derived.by(() => {
    const axis = columnAxis(this.learned.numbers.map(({ column }) => column))
    return axis.wavelengths ? axis : { ...axis, label: sentence(columnNoun[this.data?.kind ?? 'raster'][0]) }
  })
  /** A time series of several units can have a model for each. */
  canSplit = $derived(this.data?.kind === 'series' && this.nodesDraft.description !== null)
  draft = $derived(this.perUnit && this.canSplit ? this.nodesDraft : this.scoreDraft)
  job = $derived(this.scoreDraft.job ?? this.nodesDraft.job ?? this.encodeDraft.job ?? this.rescoreDraft.job)
  refused = $derived(this.draft.refused ?? this.encodeDraft.refused)
  readOnly = $derived(session.project?.readOnly ?? false)

  readonly #pace = new Answer(engine.readScoreLine)
  /** Windows of a time series with dates in a day; null where there are no dates. */
  rowsPerDay = $derived.by(() => {
    const line = this.#pace.value
    const days = line?.isDate && line.range ? (line.range.to - line.range.from) / 86_400 : 0
    return line && days > 0 ? line.windows / days : null
  })
  /** Read where it is shown. */
  readPace(): Promise<void> {
    const isDated = this.scored?.series?.isDate === true
    return this.#pace.ask(this.scores && isDated ? { scores: this.scores.id, points: 2 } : null)
  }

  readonly verdicts = new Verdicts(
    engine,
    () => this.scores?.id ?? null,
    () => this.scores?.annotations.review ?? {},
    (report) => {
      session.failure = { title: 'The review could not be saved', report }
    },
  )
  readonly review = new ReviewList(engine, this.verdicts)
  request = $derived(this.scores && this.scored ? { scores: this.scores.id, threshold: this.settled, lowest: lowestOf(this.scored) } : null)

  #resting: ReturnType<typeof setTimeout> | undefined
  /** Once it rests: each time it is set is a step of undo. */
  setThresholdSoon(value: number): void {
    clearTimeout(this.#resting)
    this.#resting = setTimeout(() => void this.setThreshold(value), restMs)
  }
  async setThreshold(value: number): Promise<void> {
    const { scores } = this
    if (!scores) return
    this.#ruleTurn++
    this.ruleError = null
    await session.annotate(scores, { threshold: value })
    thresholds.settled(scores)
  }

  /** The rule behind the threshold; null where it was set by hand. */
  choice = $derived(this.scores ? choiceOf(this.scores) : null)
  /** Rows above the threshold that were counted one by one: by the list, or by a rule. */
  exact = $derived.by(() => {
    const { countedAbove, flagged } = this.review
    const known = this.counted?.threshold === this.settled ? this.counted : null
    return countedAbove !== null && countedAbove === this.settled ? { ...known, threshold: countedAbove, flagged } : this.counted
  })
  /** A window of a time series to be shown among its neighbours, once. */
  around = $state.raw<FlaggedRow | null>(null)
  showInTime(row: FlaggedRow): void {
    this.around = row
    this.tab = 'parts'
  }
  /** The row among all others, as the file has it; without one, the selected ones alone. */
  showInData(row: number | null): void {
    if (!this.dataset) return
    selection.showInTable(this.dataset.id, row)
    if (session.current('dataset')?.id !== this.dataset.id) session.choose(this.dataset.id)
    session.show('data')
  }
  ruleError = $state.raw<ErrorReport | null>(null)
  /** Rows above the threshold that a rule gave last. */
  counted = $state.raw<(Counted & { readonly threshold: number }) | null>(null)
  #ruleTurn = 0
  readonly #moving = new Answer(engine.chooseThreshold)
  /** Where the rule would put the threshold, while its number moves. */
  async moveRule(rule: RuleValues): Promise<void> {
    const { scores } = this
    if (!scores) return
    const turn = ++this.#ruleTurn
    await this.#moving.ask({ scores: scores.id, rule, brief: true })
    if (turn === this.#ruleTurn && this.#moving.value) thresholds.move(scores, this.#moving.value.choice.value)
  }
  async setRule(rule: RuleValues): Promise<void> {
    const { scores } = this
    if (!scores) return
    const turn = ++this.#ruleTurn
    const found = await engine.chooseThreshold({ scores: scores.id, rule })
    if (turn !== this.#ruleTurn) return
    this.ruleError = found.ok ? null : found.error
    if (found.ok) {
      const { choice, flagged, falseAlarmsPer1000 } = found.value
      this.counted = flagged === null ? null : { threshold: choice.value, flagged, falseAlarmsPer1000 }
      await session.annotate(scores, { threshold: choice.value, thresholdChoice: choice })
    }
    thresholds.settled(scores)
  }

  /** Held-out rows that were scored one by one by one model can be scored the same way once more. */
  canLearn = $derived(
    this.scores?.operation === 'rescore' || (this.scores?.operation === 'score' && this.scores.params.method !== 'local-rx'),
  )
  /** Settings of re-scoring are those of labels: verdicts have none. While it runs the threshold stands there again. */
  learnsFromLabels = $derived(this.canLearn && this.rescoreDraft.values.from === 'labels' && this.rescoreDraft.job === null)
  learnFromLabels(): void {
    this.rescoreDraft.forget()
    this.rescoreDraft.values = { from: 'labels' }
  }
  /** What was chosen stays until it has led to scores. */
  async rescore(): Promise<void> {
    if (this.scores && (await this.rescoreDraft.run({ scores: this.scores.id }))) this.rescoreDraft.forget()
  }

  /** All that score above the threshold, in every view. */
  selectFlagged(): void {
    if (!this.dataset || !this.scores) return
    const condition = { kind: 'range', artifact: this.scores.id, array: 'score', unit: 0, from: this.settled, to: null } as const
    selection.pick(this.dataset.id, condition)
    toasts.show(
      `The flagged ${this.nouns[1]} are selected`,
      this.grid
        ? { label: 'Show on the map', run: () => session.show('map') }
        : { label: 'Show among the points', run: () => session.show('latents') },
    )
  }

  /** The model that a row was scored by. */
  modelOf(row: FlaggedRow): number | null {
    return this.scored?.nodes?.find(({ name }) => name === row.unit)?.model ?? this.scored?.model ?? null
  }

  /** Everything that was chosen or read of a project that is no longer open. */
  forget(): void {
    this.tab = 'findings'
    this.drift = null
    this.#shownChoice = null
    this.form = false
    this.over = 'scene'
    this.perUnit = false
    this.around = null
    this.ruleError = null
    this.counted = null
    this.#ruleTurn++
    clearTimeout(this.#resting)
    void this.#pace.ask(null)
    void this.#moving.ask(null)
    this.review.forget()
    for (const draft of [this.scoreDraft, this.nodesDraft, this.rescoreDraft, this.encodeDraft]) draft.forget()
  }

  /** Codes first when they are missing; then the scores. */
  async score(): Promise<void> {
    if (await (this.draft === this.nodesDraft ? this.#scoreUnits() : this.#scoreAll())) this.form = false
  }
  async #scoreAll(): Promise<Artifact | null> {
    const codes = this.latents ?? (this.model ? await this.encodeDraft.run({ model: this.model.id }) : null)
    return codes ? this.scoreDraft.run({ latents: codes.id }) : null
  }
  #scoreUnits(): Promise<Artifact | null> {
    return this.dataset ? this.nodesDraft.run({ dataset: this.dataset.id }) : Promise.resolve(null)
  }
}

/** A number that every score lies above. */
export const lowestOf = ({ min, max }: ScoresMeta): number => min - Math.max(1e-6, (max - min) * 1e-3)

export const look = new Look()
