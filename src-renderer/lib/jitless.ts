/** zod probes `new Function` when a schema is made; the window's content policy forbids that, so the probe is switched off before any schema exists. */
import { config } from 'zod'

config({ jitless: true })
