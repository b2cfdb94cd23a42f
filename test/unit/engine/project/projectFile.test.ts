import { beforeEach, describe, expect, test } from 'vitest'
import { journalLength } from '#engine/project/journal.ts'
import { createProject, type ProjectFile } from '#engine/project/open.ts'
import { newArtifact } from '../../../helpers/newArtifact.ts'
import { temporaryFolder } from '../../../helpers/temporaryFolder.ts'

const folder = temporaryFolder()
let project: ProjectFile
beforeEach(() => {
  project = createProject(folder.file('p'))
  return () => project.close()
})

const add = (name: string, inputs: Record<string, number> = {}): number =>
  project.beginDraft(newArtifact({ name, contentKey: `key of ${name}` }), inputs).finish({}, 1).id
const names = (): string[] => project.artifacts().map(({ name }) => name)
const thrown = (code: string) => expect.objectContaining({ code })

describe('artifacts', () => {
  test('are found by number and by name', () => {
    add('scene')
    add('map')
    expect(project.find('2').name).toBe('map')
    expect(project.find(' scene ').id).toBe(1)
    expect(() => project.find('seen')).toThrow(thrown('ARTIFACT_NOT_FOUND'))
    expect(() => project.artifact(9)).toThrow(thrown('ARTIFACT_NOT_FOUND'))
  })

  test('a word that may mean two is refused', () => {
    add('2')
    add('scene')
    expect(() => project.find('2')).toThrow(
      expect.objectContaining({ code: 'ARTIFACT_AMBIGUOUS', message: expect.stringContaining('1 (latents 2)') }),
    )
    expect(project.find('1').name).toBe('2')
  })

  test('get a number when their name is taken', () => {
    add('map')
    add(project.uniqueName('clustering', 'map'))
    expect(project.uniqueName('clustering', 'map')).toBe('map 3')
    expect(project.uniqueName('clustering', '  ')).toBe('clustering')
    expect(project.uniqueName('clustering', 'from\na\tfile')).toBe('from a file')
    expect(project.uniqueName('clustering', 'n'.repeat(5000))).toBe('n'.repeat(200))
    add('n'.repeat(200))
    expect(project.uniqueName('clustering', 'n'.repeat(5000))).toBe(`${'n'.repeat(198)} 2`)
    // No letter is parted: what stands for 🪨 are two units.
    expect(project.uniqueName('clustering', `${'n'.repeat(199)}🪨`)).toBe('n'.repeat(199))
  })

  test('are found by what they were made from and with', () => {
    const scene = add('scene')
    expect(project.finishedWithKey('key of scene')?.id).toBe(scene)
    expect(project.finishedWithKey('other')).toBeNull()
    project.beginDraft(newArtifact({ contentKey: 'running', resumable: true }), {})
    expect(project.finishedWithKey('running')).toBeNull()
    expect(project.interruptedWithKey('running')).toBe(2)
  })

  test('go together with everything made from them, and their numbers are not used again', () => {
    const scene = add('scene')
    const matrix = add('matrix', { dataset: scene })
    const model = add('model', { matrix })
    const other = add('other')
    const both = add('both', { first: model, second: other })
    expect(project.downstream(matrix)).toEqual([both, model, matrix])
    expect(project.remove(matrix)).toEqual([both, model, matrix])
    expect(names()).toEqual(['scene', 'other'])
    expect(add('later')).toBe(both + 1)
  })
})

describe('undo', () => {
  test('takes back renames and annotations in order and redo brings them again', () => {
    const id = add('a')
    project.rename(id, 'b')
    project.annotate(id, { threshold: 1 })
    project.annotate(id, { note: 'n' })
    expect(project.artifact(id).annotations).toEqual({ threshold: 1, note: 'n' })
    expect(project.undoLabel()).toBe('change note of b')
    expect(project.undo()?.annotations).toEqual({ threshold: 1 })
    project.undo()
    expect(project.undo()?.name).toBe('a')
    expect([project.undo(), project.undoLabel(), project.redoLabel()]).toEqual([null, null, 'rename a to b'])
    project.redo()
    project.redo()
    expect(project.artifact(id)).toMatchObject({ name: 'b', annotations: { threshold: 1 } })
  })

  test('a new change discards what was undone', () => {
    const id = add('a')
    project.rename(id, 'b')
    project.undo()
    project.rename(id, 'c')
    expect(project.redoLabel()).toBeNull()
    expect(project.undo()?.name).toBe('a')
  })

  test('a name is one line of 200 characters at most', () => {
    const id = add('a')
    expect(project.rename(id, 'two\r\nlines').name).toBe('two lines')
    expect(() => project.rename(id, 'n'.repeat(201))).toThrow(expect.objectContaining({ code: 'PARAMETER_INVALID' }))
    expect(names()).toEqual(['two lines'])
  })

  test('a change that changes nothing is not remembered', () => {
    const id = add('a')
    project.rename(id, 'a')
    project.annotate(id, {})
    expect(project.undoLabel()).toBeNull()
  })

  test(`reaches back ${journalLength} changes`, () => {
    const id = add('a')
    for (let i = 0; i <= journalLength + 5; i += 1) project.rename(id, `name ${i}`)
    let undone = 0
    while (project.undo()) undone += 1
    expect(undone).toBe(journalLength)
    expect(names()).toEqual(['name 5'])
  })

  test('forgets the changes of what was deleted', () => {
    const id = add('a')
    project.rename(id, 'b')
    project.remove(id)
    expect(project.undo()).toBeNull()
  })

  test('annotations are no part of the key', () => {
    const id = add('a')
    const before = project.artifact(id).contentKey
    expect(project.annotate(id, { legend: [{ id: 1, name: 'basalt', colour: '#112233' }] }).contentKey).toBe(before)
  })
})

test('a name that is taken or empty is refused', () => {
  add('a')
  const b = add('b')
  expect(() => project.rename(b, 'a')).toThrow(thrown('PARAMETER_INVALID'))
  expect(() => project.rename(b, '  ')).toThrow(thrown('PARAMETER_INVALID'))
})

test('settings are JSON by key, and null when never set', () => {
  project.setSetting('a', { deep: [1, 'x', null] })
  project.setSetting('a', { deep: [2] })
  expect(project.setting('a')).toEqual({ deep: [2] })
  expect(project.setting('b')).toBeNull()
})

test('jobs are remembered with their end, the newest 200', () => {
  for (let id = 1; id <= 205; id += 1)
    project.recordJob({ id, operation: 'o', title: 'O', status: 'running', artifact: null, startedAt: 't', error: null })
  project.recordJob({ id: 205, operation: 'o', title: 'O', status: 'done', artifact: null, startedAt: 't', error: null })
  expect(project.jobs()).toHaveLength(200)
  expect(project.jobs().at(-1)).toMatchObject({ id: 205, status: 'done' })
  expect(project.lastJobId()).toBe(205)
})

test('a sound project has no problems', async () => {
  const scene = add('scene')
  add('map', { dataset: scene })
  expect(await project.verify()).toEqual({ artifacts: 2, chunks: 0, problems: [] })
})
