/**
 * Draws up to millions of points as squares with WebGL 2. Positions [n × 2] and colours [n × 4] live on the graphics device:
 * 12 bytes a point, so 2 million points take 24 MB. Recolouring and selecting upload colours only.
 */
import type { Bounds } from './points.ts'

const vertexSource = `#version 300 es
layout(location = 0) in vec2 position;
layout(location = 1) in vec4 colour;
uniform vec4 window;      // x0, y0, 1/(x1-x0), 1/(y1-y0)
uniform float pointSize;
uniform float opacity;
out vec4 shade;
void main() {
  vec2 at = (position - window.xy) * window.zw;
  gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
  gl_PointSize = pointSize;
  float alpha = opacity * colour.a;
  shade = vec4(colour.rgb * alpha, alpha);
}`
const fragmentSource = `#version 300 es
precision mediump float;
in vec4 shade;
out vec4 outColour;
void main() { outColour = shade; }`

export class PointRenderer {
  readonly #gl: WebGL2RenderingContext
  readonly #program: WebGLProgram
  readonly #positions: WebGLBuffer
  readonly #colours: WebGLBuffer
  #n = 0

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
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#positions)
    gl.enableVertexAttribArray(0)
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours)
    gl.enableVertexAttribArray(1)
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0)
    gl.enable(gl.BLEND)
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  }

  /** points [n × 2]; the colours must follow. */
  setPoints(points: Float32Array): void {
    const gl = this.#gl
    this.#n = points.length / 2
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#positions)
    gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW)
  }

  /** colours [n × 3] bytes; alpha [n] bytes, 255 for points that stay and less for those that fade. */
  setColours(colours: Uint8Array, alpha: Uint8Array | null): void {
    const gl = this.#gl
    const rgba = new Uint8Array((colours.length / 3) * 4)
    for (let i = 0, n = colours.length / 3; i < n; i++) {
      rgba[i * 4] = colours[i * 3]
      rgba[i * 4 + 1] = colours[i * 3 + 1]
      rgba[i * 4 + 2] = colours[i * 3 + 2]
      rgba[i * 4 + 3] = alpha ? alpha[i] : 255
    }
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colours)
    gl.bufferData(gl.ARRAY_BUFFER, rgba, gl.DYNAMIC_DRAW)
  }

  draw(bounds: Bounds, pointSize: number, opacity: number): void {
    const gl = this.#gl
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight)
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    if (this.#n === 0) return
    gl.useProgram(this.#program)
    gl.uniform4f(
      gl.getUniformLocation(this.#program, 'window'),
      bounds.x0,
      bounds.y0,
      1 / (bounds.x1 - bounds.x0),
      1 / (bounds.y1 - bounds.y0),
    )
    gl.uniform1f(gl.getUniformLocation(this.#program, 'pointSize'), pointSize)
    gl.uniform1f(gl.getUniformLocation(this.#program, 'opacity'), opacity)
    gl.drawArrays(gl.POINTS, 0, this.#n)
  }

  dispose(): void {
    this.#gl.deleteBuffer(this.#positions)
    this.#gl.deleteBuffer(this.#colours)
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
