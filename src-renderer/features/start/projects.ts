/** Making and opening projects through the desktop's own dialogs. */
import { session } from '../../lib/app.ts'
import { native } from '../../lib/bridge.ts'

export async function newProject(): Promise<boolean> {
  const path = session.settle(
    'No place could be chosen',
    await native.chooseSavePath({ title: 'New project', defaultName: 'untitled.stratum', extensions: ['stratum'] }),
  )
  return path ? session.createProject(path) : false
}

export async function chooseProject(): Promise<boolean> {
  const paths = session.settle('No project could be chosen', await native.chooseFiles({ title: 'Open a project', extensions: ['stratum'] }))
  return paths?.[0] ? session.openProject(paths[0]) : false
}
