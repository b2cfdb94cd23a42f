/**
 * What the points view looks at: codes, how they are laid out, their classes, and which of the drawn points are selected. One for its
 * panels; it follows the session and the selection, and asks the engine for what is drawn.
 */
import type { Artifact } from '#common/domain/artifact.ts'
import { type DatasetMeta, rowNoun } from '#common/domain/dataset.ts'
import { pixelMetres } from '#common/domain/ground.ts'
import { type ModelMeta, sourcesOf } from '#common/domain/results.ts'
import { type Legend, legendOf, noiseOf } from '../../features/clusters/legend.ts'
import { drawnClasses } from '../../features/clusters/profiles.ts'
import { RunningPlane } from '../../features/embedding/runningPlane.svelte.ts'
import { firstAxes } from '../../features/scatter/codes.ts'
import { LatentSample, type SampleRequest } from '../../features/scatter/latentSample.svelte.ts'
import { PointValues } from '../../features/scatter/pointValues.svelte.ts'
import type { ScatterTool } from '../../features/scatter/Scatter.svelte'
import type { DrawnRows } from '../../features/selection/mask.ts'
import { PointMask } from '../../features/selection/pointMask.svelte.ts'
import type { TreeCut } from '#common/domain/treeCut.ts'
import type { SimpleCondition } from '#common/domain/selection.ts'
import { everyRow } from '../../features/selection/words.ts'
import { selection, session } from '../../lib/app.ts'
import { ancestor, metaOf } from '../../lib/artifacts.ts'
import { engine } from '../../lib/bridge.ts'
import { Answer } from '../../lib/state/answer.svelte.ts'
import { OperationDraft } from '../../lib/state/operationDraft.svelte.ts'

/** Points as they are drawn: numbers of the code, or a plane. */
interface Cloud {
  /** The latents or the embedding that the numbers belong to. */
  readonly artifact: number
  readonly n: number
  readonly numbers: Float32Array
  readonly size: number
  readonly rows: Float64Array
  readonly labels: Uint16Array | null
  readonly scores: Float32Array | null
}

const done = (a: Artifact): boolean => a.status === 'done'
/** A plane that is being made is shown by so many points, which move ten times a second. */
const livePoints = 30_000

export class Look {
  readonly clusterDraft = new OperationDraft(session, 'cluster')
  readonly mergeDraft = new OperationDraft(session, 'merge-classes')
  readonly splitDraft = new OperationDraft(session, 'split-class')
  readonly cutDraft = new OperationDraft(session, 'cut-tree')
  readonly embedDraft = new OperationDraft(session, 'embed')
  readonly encodeDraft = new OperationDraft(session, 'encode')
  readonly decodeDraft = new OperationDraft(session, 'decoded-space')
  readonly sampled = new LatentSample(engine)
  readonly plane = new Answer(engine.readEmbedding)
  readonly running = new RunningPlane(engine)
  readonly mask = new PointMask(engine)
  readonly tree = new Answer(engine.readTree)
  readonly cutPreview = new Answer(engine.previewCut)
  /** What the selected rows are like, beside all rows. */
  readonly profile = new Answer(engine.selectionProfile)
  /** What the points are coloured by, where that does not come along with them. */
  readonly values = new PointValues(engine)
  readonly liveLabels = new PointValues(engine)

  /** Which list stands at the side, and which plot below the points. */
  list = $state<'clusterings' | 'planes'>('clusterings')
  below = $state<'k' | 'tree'>('tree')
  tool = $state<ScatterTool>('lasso')
  /** What the colours of the points stand for, as the list of colours calls it; of codes with many numbers, which one. */
  colouring = $state('class')
  colourCode = $state<number | null>(null)
  /** How many points are drawn at most. */
  most = $state(100_000)
  /** The plane of an embedding, by its number; null for codes. */
  wantedPlane = $state<number | null>(null)
  /** Null until the user chooses: then the codes that show most. */
  wantedAxes = $state.raw<readonly [number, number] | null>(null)

  latents = $derived(session.current('latents'))
  meta = $derived(this.latents ? metaOf(this.latents, 'latents') : null)
  dataset = $derived(this.latents ? ancestor(this.latents, 'dataset', session.byId) : session.current('dataset'))
  data: DatasetMeta | null = $derived(this.dataset ? metaOf(this.dataset, 'dataset') : null)
  model = $derived(this.latents ? ancestor(this.latents, 'model', session.byId) : session.current('model'))
  modelMeta: ModelMeta | null = $derived(this.model && done(this.model) ? metaOf(this.model, 'model') : null)
  sources = $derived(this.modelMeta ? sourcesOf(this.modelMeta) : [])
  /** Of all rows, in the order of the model's source columns. */
  summaries = $derived(this.sources.map((column) => this.data?.summaries[this.data.columns.findIndex((c) => c.name === column.name)]))
  nouns = $derived(rowNoun[this.data?.kind ?? 'raster'])
  allLatents = $derived(session.ofKind('latents').filter(done))
  clusterings = $derived(
    session
      .ofKind('clustering')
      .filter((a) => done(a) && metaOf(a, 'clustering').latents === this.latents?.id)
      .toReversed(),
  )
  clustering = $derived.by(() => {
    const chosen = session.current('clustering')
    return this.clusterings.find((a) => a.id === chosen?.id) ?? this.clusterings[0] ?? null
  })
  classes = $derived.by(() => {
    if (!this.clustering) return null
    const meta = metaOf(this.clustering, 'clustering')
    return { ...meta, classes: drawnClasses(meta.classes) }
  })
  /** The clustering whose curve of k is shown: this one, or the newest of the same rows that tried several. */
  curve = $derived.by(() => {
    if (!this.classes || this.classes.kCurve.length > 1) return this.classes
    const rows = JSON.stringify(this.classes.within ?? null)
    const others = this.clusterings.map((a) => metaOf(a, 'clustering'))
    return others.find((c) => c.kCurve.length > 1 && JSON.stringify(c.within ?? null) === rows) ?? this.classes
  })
  legend: Legend = $derived(this.clustering ? legendOf(this.clustering, session.byId) : new Map())
  noise = $derived(this.clustering ? noiseOf(this.clustering) : 0)
  scores = $derived(session.ofKind('scores').findLast((a) => done(a) && metaOf(a, 'scores').latents === this.latents?.id) ?? null)
  planes = $derived(
    session
      .ofKind('embedding2d')
      .filter((a) => done(a) && metaOf(a, 'embedding2d').latents === this.latents?.id)
      .toReversed(),
  )
  planeShown = $derived(this.planes.find((a) => a.id === this.wantedPlane) ?? null)
  /** The embedding job whose plane is watched while it is made. */
  live = $derived(this.embedDraft.job)
  rowKm2 = $derived.by(() => {
    const metres = this.data?.grid ? pixelMetres(this.data.grid) : null
    return metres ? (metres[0] * metres[1]) / 1e6 : null
  })
  /** Codes that were not decoded before can be. */
  canDecode = $derived(
    this.meta !== null &&
      this.meta.numbers === undefined &&
      !this.allLatents.some((a) => a.operation === 'decoded-space' && a.inputs.latents === this.latents?.id),
  )
  /** Rows with a code. */
  every: SimpleCondition | null = $derived(this.latents ? everyRow(this.latents.id) : null)
  numberWord = $derived(this.meta?.numbers === undefined ? 'Code' : 'Axis')

  sampleRequest: SampleRequest | null = $derived(
    this.latents && !this.planeShown
      ? { latents: this.latents.id, count: this.most, clustering: this.clustering?.id, scores: this.scores?.id }
      : null,
  )
  planeRequest = $derived(
    this.planeShown ? { embedding: this.planeShown.id, count: this.most, clustering: this.clustering?.id, scores: this.scores?.id } : null,
  )
  cloud: Cloud | null = $derived.by(() => {
    if (this.planeShown) {
      const plane = this.plane.value
      return plane ? { ...plane, artifact: this.planeShown.id, numbers: plane.plane, size: 2 } : null
    }
    const sample = this.sampled.sample
    return sample && this.latents ? { ...sample, artifact: this.latents.id, numbers: sample.codes, size: sample.codeSize } : null
  })
  reading = $derived(this.planeShown ? this.plane : this.sampled)
  codeSize = $derived(this.meta?.codeSize ?? 2)
  axes = $derived.by<readonly [number, number]>(() => {
    if (this.planeShown) return [0, 1]
    const [x, y] = this.wantedAxes ?? firstAxes(this.meta?.codeRange ?? [])
    return [Math.min(x, this.codeSize - 1), Math.min(y, this.codeSize - 1)]
  })
  drawn: DrawnRows | null = $derived(
    this.cloud
      ? {
          rows: this.cloud.rows,
          gridWidth: this.data?.grid?.width ?? null,
          labels: this.cloud.labels && this.clustering ? { artifact: this.clustering.id, values: this.cloud.labels } : null,
          scores: this.cloud.scores && this.scores ? { artifact: this.scores.id, values: this.cloud.scores } : null,
          numbers: [{ artifact: this.cloud.artifact, values: this.cloud.numbers, size: this.cloud.size }],
        }
      : null,
  )
  /** Selected points, and how they fall into classes, largest part first. */
  parts = $derived.by(() => {
    const { mask } = this.mask
    if (!this.cloud || mask?.length !== this.cloud.n) return null
    const counts = new Map<number, number>()
    let n = 0
    for (let i = 0; i < mask.length; i++) {
      if (mask[i] === 0) continue
      n++
      const id = this.cloud.labels?.[i] ?? 0
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return { n, classes: [...counts].sort((a, b) => b[1] - a[1]).map(([id, count]) => ({ id, share: count / Math.max(1, n) })) }
  })
  /** Classes chosen in the table. */
  chosen = $derived(this.clustering ? selection.classesOf(this.clustering.id) : new Set<number>())
  /** Those, or the ones that the selection mostly lies in. */
  raised: ReadonlySet<number> = $derived(
    new Set(
      this.chosen.size > 0
        ? this.chosen
        : (this.parts?.classes ?? [])
            .filter((p) => p.id > 0 && p.share > 0.02)
            .slice(0, 5)
            .map((p) => p.id),
    ),
  )

  profileRequest = $derived(selection.value && this.latents ? { selection: selection.value, latents: this.latents.id } : null)

  /** The clustering that the classes shown were made from. */
  made: Artifact | null = $derived.by(() => {
    let made: Artifact | null = this.clustering
    while (made && made.operation !== 'cluster') made = session.byId.get(made.inputs.clustering ?? 0) ?? null
    return made
  })
  /** The same clustering with another number of classes. */
  async clusterWith(k: number): Promise<void> {
    if (this.latents) await this.clusterDraft.runWith({ latents: this.latents.id }, { ...this.made?.params, k }, this.made?.seed)
  }
  /** The same clustering once more: what newer versions keep with it is there then. */
  async clusterAgain(): Promise<void> {
    if (this.latents && this.made) await this.clusterDraft.runWith({ latents: this.latents.id }, this.made.params, this.made.seed)
  }

  /** Where the tree is cut in the drawing; null while it is as it was made. */
  askedCut = $state.raw<TreeCut | null>(null)
  /** How the classes that are shown were cut. */
  madeCut: TreeCut = $derived.by(() => {
    let made: Artifact | null = this.clustering
    while (made && made.operation !== 'cluster' && made.operation !== 'cut-tree')
      made = session.byId.get(made.inputs.clustering ?? 0) ?? null
    const none = { clusters: null, height: null }
    if (made?.operation === 'cut-tree') return { ...none, by: 'clusters', ...made.params }
    if (this.classes?.tree?.kind === 'condensed') return { ...none, by: made?.params.clusterSelection === 'leaf' ? 'leaf' : 'eom' }
    return { ...none, by: 'clusters', clusters: this.classes?.k ?? 1 }
  })
  async applyCut(): Promise<void> {
    const cut = this.askedCut
    if (cut && this.clustering && !this.cutDraft.job) await this.#edit(this.cutDraft, { ...cut })
  }

  /** The last step that changed classes by hand, so that it can be taken back before anything else is done. */
  edited = $state.raw<{ readonly from: number; readonly made: number; readonly selectionSteps: number; readonly undo: unknown } | null>(
    null,
  )
  /** Nothing was selected or renamed since. */
  isEditNewest = $derived(
    this.edited !== null &&
      this.edited.made === this.clustering?.id &&
      selection.steps <= this.edited.selectionSteps &&
      this.edited.undo === (session.project?.undo ?? null),
  )

  /** The chosen classes become one. */
  async merge(): Promise<void> {
    if (!this.clustering || this.chosen.size < 2) return
    await this.#edit(this.mergeDraft, { groups: [[...this.chosen]] })
  }
  /** The chosen classes are clustered again, with the method and the settings of the form. */
  async split(): Promise<void> {
    if (!this.clustering || this.chosen.size === 0) return
    await this.#edit(this.splitDraft, { ...this.clusterDraft.values, classes: [...this.chosen] })
  }
  async #edit(draft: OperationDraft, params: Readonly<Record<string, unknown>>): Promise<void> {
    const from = this.clustering
    if (!from) return
    const made = await draft.runWith({ clustering: from.id }, params, this.clusterDraft.seed)
    if (!made) return
    // The numbers of the classes are others now.
    selection.clear()
    this.edited = { from: from.id, made: made.id, selectionSteps: selection.steps, undo: session.project?.undo ?? null }
  }
  /** Back to the classes as they were before; what was made stays in the list. */
  takeBack(): void {
    if (!this.edited) return
    session.choose(this.edited.from)
    this.edited = null
  }

  /** Call it once while a component is made: it then asks for what is drawn as long as that component lives, and keeps none of it after. */
  follow(): void {
    $effect(() => () => this.#letGo())
    $effect(() => void this.sampled.read(this.sampleRequest))
    $effect(() => void this.plane.ask(this.planeRequest))
    $effect(() => this.running.follow(this.live?.id ?? null, livePoints))
    $effect(() => selection.lookAt(this.dataset?.id ?? null))
    $effect(() => void this.mask.follow(selection.value, this.drawn))
    $effect(() => void this.tree.ask(this.clustering && this.classes?.tree ? { clustering: this.clustering.id } : null))
    $effect(() => {
      void this.clustering?.id
      this.askedCut = null
    })
    $effect(
      () => void this.cutPreview.ask(this.clustering && this.askedCut ? { clustering: this.clustering.id, cut: this.askedCut } : null),
    )
    $effect(() => void this.profile.ask(this.profileRequest))
    $effect(() => {
      const rows = this.running.picture?.rows ?? null
      void this.liveLabels.read(rows && this.clustering ? { rows, of: { kind: 'class', artifact: this.clustering.id } } : null)
    })
  }
  #letGo(): void {
    void this.sampled.read(null)
    void this.values.read(null)
    void this.liveLabels.read(null)
    void this.mask.follow(null, null)
    for (const answer of [this.plane, this.tree, this.cutPreview, this.profile]) void answer.ask(null)
  }
}

let shown = new Look()
/** That of the open project: what was chosen stays while another view is shown. */
export const pointsLook = (): Look => shown
export const forgetPoints = (): void => {
  shown = new Look()
}
