import type { Component } from 'svelte'
import type { ViewId } from '../lib/state/session.svelte.ts'

const files = import.meta.glob<{ default: Component }>('./*.svelte', { eager: true })
const entries = Object.entries(files).map(([path, file]) => [path.slice(2, -7).toLowerCase(), file.default] as const)
export const viewComponents = Object.fromEntries(entries) as Record<ViewId, Component>
