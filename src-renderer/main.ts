import './lib/jitless.ts'
import { mount } from 'svelte'
import App from './App.svelte'
import './styles/tokens.css'
import './styles/base.css'
import './styles/text.css'
import './styles/plots.css'
import './styles/layout.css'
import './styles/fields.css'
import './styles/tables.css'
import './styles/marks.css'
import './styles/contrast.css'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
mount(App, { target })
