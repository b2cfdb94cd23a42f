import type { Component } from 'svelte'
import type { ViewId } from '../lib/viewOf.ts'
import Anomalies from './Anomalies.svelte'
import Compare from './Compare.svelte'
import Data from './Data.svelte'
import Export from './Export.svelte'
import Help from './Help.svelte'
import Latents from './Latents.svelte'
import MapPage from './Map.svelte'
import Model from './Model.svelte'
import Settings from './Settings.svelte'
import Start from './Start.svelte'
import Train from './Train.svelte'

export const viewComponents: Readonly<Record<ViewId, Component>> = {
  start: Start,
  data: Data,
  model: Model,
  train: Train,
  latents: Latents,
  anomalies: Anomalies,
  map: MapPage,
  compare: Compare,
  export: Export,
  settings: Settings,
  help: Help,
}
