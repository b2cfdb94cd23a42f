/**
 * Draws up to millions of points as squares with WebGL 2. Positions, colours and what is kept live on the graphics device: 13 bytes a
 * point, so 2 million points take 26 MB. Recolouring uploads colours only, selecting one byte a point.
 */
import type { Bounds } from './points.ts'

const vertexSource = `#version 300 es
layout(location = 0) in vec2 position;
layout(location = 1) in vec4 colour;
layout(location = 2) in float kept;
uniform vec4 window;      // x0, y0, 1/(x1-x0), 1/(y1-y0)
uniform float pointSize;
uniform float opacity;
out vec4 shade;
const float faintest = 0.03;
void main() {
  vec2 at = (position - window.xy) * window.zw;
  gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
  gl_PointSize = pointSize;
  float alpha = opacity * kept;
  // Eight bits hold no colour this faint: an even part of the points is drawn a little stronger instead.
  if (alpha < faintest) {
    uint drawn = uint(gl_VertexID) * 2654435761u;
    drawn = (drawn ^ (drawn >> 15u)) * 2246822519u;
    if (float(drawn >> 8u) / 16777216.0 > alpha / faintest) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    alpha = faintest;
  }
  shade = vec4(colour.rgb * alpha, alpha);
}`
const fragmentSource = `#version 300 es
precision mediump float;
in vec4 shade;
out vec4 outColour;
void main() { outColour = shade; }`

/** Fewer points than this are drawn at once on anything. */
const mostUnmeasured = 150_000
const smoothMs = 30
/** WebGL strides over at most 255 bytes. */
const mostStride = 31

export class PointRenderer {
  readonly #gl: WebGL2RenderingContext
  readonly #program: WebGLProgram
  readonly #positions: WebGLBuffer
  readonly #colours: WebGLBuffer
  readonly #kept: WebGLBuffer
  #n = 0
  #masked = false
  /** Every how many points are drawn while the window moves: 1 where the device draws all of them in time. */
  #coarse = 1

  /** null where the computer offers no WebGL 2. */
  static on(canvas: HTMLCanvasElement): PointRenderer | null {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, premultipliedAlpha: true, preserveDrawingBuffer: true })
    return gl ? new PointRenderer(gl) : null
  }

  private constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl
    this.#program = link(gl)
    this.#positions = gl.createBuffer()
    this.#colours = gl.createBuffer()
    this.#kept = gl.createBuffer()
    gl.enableVertexAttribArray(0)
    gl.enableVertexAttribArray(1)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  }

  /** points [n × 2]; the colours must follow. */
  setPoints(points: Float32Array): void {
    const gl = this.#gl
    this.#n = points.length / 2
    this.#coarse = 1
    this.#masked = false
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#positions)
    gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW)
  }

  /** colours [n] as four bytes red, green, blue, 255. */
  setColours(colours: Uint32Array): void {
    const gl = this.#gl
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours)
    gl.bufferData(gl.ARRAY_BUFFER, colours, gl.DYNAMIC_DRAW)
  }

  /** kept [n] bytes, 255 for points that stay and less for those that fade; null when none fades. */
  setKept(kept: Uint8Array | null): void {
    const gl = this.#gl
    this.#masked = kept?.length === this.#n
    if (!kept || !this.#masked) return
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#kept)
    gl.bufferData(gl.ARRAY_BUFFER, kept, gl.DYNAMIC_DRAW)
  }

  /** While the window is `moving`, a device that would need longer than a frame or two draws an even part of the points. */
  draw(bounds: Bounds, pointSize: number, opacity: number, moving = false): void {
    const gl = this.#gl
    const every = moving ? this.#coarse : 1
    const began = performance.now()
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    if (this.#n === 0) return
    gl.useProgram(this.#program)
    this.#point(every)
    const place = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(this.#program, name)
    gl.uniform4f(place('window'), bounds.x0, bounds.y0, 1 / (bounds.x1 - bounds.x0), 1 / (bounds.y1 - bounds.y0))
    gl.uniform1f(place('pointSize'), pointSize)
    gl.uniform1f(place('opacity'), 1 - (1 - opacity) ** every)
    gl.drawArrays(gl.POINTS, 0, Math.ceil(this.#n / every))
    if (!moving && this.#n > mostUnmeasured && this.#coarse === 1) this.#measure(began)
  }

  /** Strides over the buffers: every how many points one is drawn. */
  #point(every: number): void {
    const gl = this.#gl
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#positions)
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8 * every, 0)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours)
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 4 * every, 0)
    if (this.#masked) {
      gl.enableVertexAttribArray(2)
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#kept)
      gl.vertexAttribPointer(2, 1, gl.UNSIGNED_BYTE, true, every, 0)
    } else {
      gl.disableVertexAttribArray(2)
      gl.vertexAttrib1f(2, 1)
    }
  }

  /** Reading a pixel waits until everything is drawn. */
  #measure(began: number): void {
    const gl = this.#gl
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
    const ms = performance.now() - began
    if (ms > smoothMs) this.#coarse = Math.min(mostStride, Math.ceil(ms / smoothMs))
  }

  dispose(): void {
    this.#gl.deleteBuffer(this.#positions)
    this.#gl.deleteBuffer(this.#colours)
    this.#gl.deleteBuffer(this.#kept)
    this.#gl.deleteProgram(this.#program)
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexSource],
    [gl.FRAGMENT_SHADER, fragmentSource],
  ] as const) {
    const shader = gl.createShader(type)
    if (!shader) throw new Error('The graphics device gave no shader.')
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader) ?? 'The shader did not compile.')
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? 'The shaders did not link.')
  return program
}
