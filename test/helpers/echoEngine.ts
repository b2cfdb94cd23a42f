/** A child process that answers `readRaster` with counted pixels and `sampleLatents` with what each dtype can hold. */
import { engineCalls } from '#common/contract/engine.ts'
import { answerCalls, serve } from '#common/serve.ts'

const answer = answerCalls(
  { readRaster: engineCalls.readRaster, sampleLatents: engineCalls.sampleLatents },
  {
    readRaster: ({ bands, window }) => ({
      values: Float32Array.from({ length: bands.length * window.outWidth * window.outHeight }, (_, i) => (i === 0 ? Number.NaN : i / 3)),
    }),
    sampleLatents: () => ({
      n: 2,
      codeSize: 1,
      codes: new Float32Array([-0, Number.POSITIVE_INFINITY]),
      rows: new Float64Array([2 ** 53 - 1, 0]),
      labels: new Uint16Array([65_535, 0]),
      scores: null,
    }),
  },
  (thrown) => process.stderr.write(String(thrown)),
)
serve(
  {
    post: (message) => process.send?.(message),
    listen(receive) {
      process.on('message', receive)
      return () => process.off('message', receive)
    },
  },
  answer,
)
