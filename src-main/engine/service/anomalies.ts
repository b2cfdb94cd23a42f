/**
 * What the window asks of anomaly scores: flagged rows, events, objects, and what someone found of them.
 * Memory: the details of two artifacts of scores, and the events and objects of the last threshold asked for.
 */
import type { Handlers } from '#common/contract/calls.ts'
import type { EngineCalls } from '#common/contract/engine.ts'
import type { Artifact } from '#common/domain/artifact.ts'
import type { AnomalyEvent, AnomalyObject } from '#common/domain/scores.ts'
import {
  countFlagged,
  defaultMergeGap,
  defaultMinimumLength,
  defaultMinimumPixels,
  objectsOf,
  openScores,
  type ScoresReader,
  thresholdOf,
} from '../operations/score/findings.ts'
import { flaggedRows, passes } from '../operations/score/flaggedRows.ts'
import { eventsOf } from '../operations/score/windowEvents.ts'
import { chooseOn } from '../operations/score/chosen.ts'
import { finishedArtifact } from '../project/finished.ts'
import type { Project } from '../project/project.ts'
import { OpenCache } from './openCache.ts'

type AnomalyCalls = Pick<EngineCalls, 'listFlagged' | 'listEvents' | 'listObjects' | 'chooseThreshold' | 'review'>

export interface Anomalies extends Handlers<AnomalyCalls> {
  dispose(): Promise<void>
}

interface Remembered<T> {
  readonly key: string
  readonly found: Promise<readonly T[]>
}

export function createAnomalies(session: { project(): Project; announce(artifact: Artifact): Artifact }): Anomalies {
  const opened = new OpenCache<ScoresReader>(2)
  let closing = new AbortController()
  let events: Remembered<AnomalyEvent> | null = null
  let objects: Remembered<AnomalyObject> | null = null

  const artifactOf = (id: number): Artifact => finishedArtifact(session.project(), id, 'scores')
  /** As the artifact is now: reviews and threshold may have changed since it was opened. */
  async function scoresOf(id: number): Promise<ScoresReader> {
    const artifact = artifactOf(id)
    const reader = await opened.open(
      id,
      () => openScores(session.project(), artifact),
      () => Promise.resolve(),
    )
    return { ...reader, artifact }
  }

  return {
    async listFlagged({ scores: id, threshold: asked, ...query }) {
      const scores = await scoresOf(id)
      const threshold = asked ?? thresholdOf(scores)
      const flagged = await countFlagged(session.project(), scores, threshold)
      return { threshold, flagged, ...flaggedRows(session.project(), scores, { ...query, threshold }) }
    },

    async listEvents({ scores: id, threshold: asked, mergeGap, minimumLength, sort, review, offset, limit }) {
      const scores = await scoresOf(id)
      const { events: made } = scores.meta
      const query = {
        threshold: asked ?? thresholdOf(scores),
        mergeGap: mergeGap ?? made?.mergeGap ?? defaultMergeGap,
        minimumLength: minimumLength ?? made?.minimumLength ?? defaultMinimumLength,
      }
      const key = JSON.stringify([id, query])
      if (events?.key !== key) events = { key, found: eventsOf(session.project(), scores, query) }
      const all = (await remembered(events, () => (events = null)))
        .map((event) => ({ ...event, review: scores.artifact.annotations.review?.[`event/${event.peak}`] ?? null }))
        .filter((event) => passes(review, event.review))
      if (sort === 'score') all.sort((a, b) => b.peakScore - a.peakScore || a.peak - b.peak)
      else if (sort === 'row') all.sort((a, b) => a.firstRow - b.firstRow)
      else all.sort((a, b) => b.flagged - a.flagged || a.peak - b.peak)
      return { threshold: query.threshold, total: all.length, events: all.slice(offset, offset + limit) }
    },

    async listObjects({ scores: id, threshold: asked, minimumPixels, sort, review, offset, limit }) {
      const scores = await scoresOf(id)
      const query = {
        threshold: asked ?? thresholdOf(scores),
        minimumPixels: minimumPixels ?? scores.meta.objects?.minimumPixels ?? defaultMinimumPixels,
      }
      const key = JSON.stringify([id, query])
      if (objects?.key !== key) objects = { key, found: objectsOf(session.project(), scores, query) }
      const all = (await remembered(objects, () => (objects = null)))
        .map((object) => ({ ...object, review: scores.artifact.annotations.review?.[`object/${object.peak}`] ?? null }))
        .filter((object) => passes(review, object.review))
      if (sort === 'score') all.sort((a, b) => b.maxScore - a.maxScore || a.peak - b.peak)
      else if (sort === 'row') all.sort((a, b) => a.peak - b.peak)
      else all.sort((a, b) => b.pixels - a.pixels || a.peak - b.peak)
      return { threshold: query.threshold, total: all.length, objects: all.slice(offset, offset + limit) }
    },

    async chooseThreshold({ scores: id, rule, brief }) {
      const scores = await scoresOf(id)
      return chooseOn(session.project(), scores, rule, { brief, signal: closing.signal })
    },

    review({ scores: id, entries }) {
      const artifact = artifactOf(id)
      const review = { ...artifact.annotations.review }
      for (const [key, entry] of Object.entries(entries)) {
        if (entry) review[key] = entry
        else delete review[key]
      }
      return session.announce(session.project().annotate(id, { review }))
    },

    async dispose() {
      closing.abort()
      closing = new AbortController()
      events = null
      objects = null
      await opened.clear()
    },
  }
}

/** A failure is not remembered. */
async function remembered<T>({ found }: Remembered<T>, forget: () => void): Promise<readonly T[]> {
  try {
    return await found
  } catch (error) {
    forget()
    throw error
  }
}
