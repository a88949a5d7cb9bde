// Rules 1 and 2 of chapter 14: the paper is a smooth surface, and the ink is what lies off it in one direction.
import {largest, median, otsu, quantile, roundEven, solve, sum, clip} from './numbers.js'
import {thumbnail} from './resample.js'

// ---- colours: {width, height, data}, three numbers 0..1 for each pixel ----
function onPaper({width, height, data}) { // on black if what is to be seen is light, on white if it is dark
  const n = width*height, colors = new Float64Array(3*n)
  let light = 0, opaque = 0
  for (let i = 0; i < n; i++) {
    const alpha = data[4*i + 3]/255
    for (let c = 0; c < 3; c++) light += colors[3*i + c] = data[4*i + c]/255*alpha
    opaque += alpha
  }
  if (light < .5*3*opaque) for (let i = 0; i < 3*n; i++) colors[i] += 1 - data[4*Math.floor(i/3) + 3]/255
  return {width, height, data: colors}
}

function transparentColors(picture) { // scaled with each colour times its opacity, as Pillow does
  const {width, height, data} = picture
  const premultiplied = data.map((v, i) => i%4 === 3 ? v : Math.round(v*data[4*(i >> 2) + 3]/255))
  const small = thumbnail({width, height, channels: 4, data: premultiplied}, 200)
  const plain = small.data.map((v, i) => {
    const alpha = small.data[4*(i >> 2) + 3]
    return i%4 === 3 || alpha === 0 || alpha === 255 ? v : Math.floor(255*v/alpha)
  })
  return onPaper({...small, data: plain})
}

export function colorsOf(picture) { // {width, height, data: RGBA bytes} -> at most 200 pixels high and wide
  const {width, height, data} = picture, n = width*height
  const rgb = new Uint8ClampedArray(3*n)
  for (let i = 0; i < n; i++) {
    if (data[4*i + 3] < 255) return transparentColors(picture)
    for (let c = 0; c < 3; c++) rgb[3*i + c] = data[4*i + c]
  }
  const small = thumbnail({width, height, channels: 3, data: rgb}, 200)
  return {width: small.width, height: small.height, data: Float64Array.from(small.data, v => Math.fround(v/255))}
}

// ---- a frame around the paper ----
function ringOf({width, height}, depth) { // the pixels that are so far from the edge, corners twice
  const at = [], right = width - 1 - depth, bottom = height - 1 - depth
  for (let c = depth; c <= right; c++) at.push(depth*width + c, bottom*width + c)
  for (let r = depth; r <= bottom; r++) at.push(r*width + depth, r*width + right)
  return at
}

const medianColor = (x, at) => [0, 1, 2].map(c => median(at.map(i => x.data[3*i + c])))

function furthest(x, i, color) { // how far pixel i is from a colour, in the channel where that is most
  const red = Math.abs(x.data[3*i] - color[0]), green = Math.abs(x.data[3*i + 1] - color[1])
  return Math.max(red, green, Math.abs(x.data[3*i + 2] - color[2]))
}

function isEven(x, at) { // are nearly all of these pixels of one colour?
  const middle = medianColor(x, at)
  return at.filter(i => furthest(x, i, middle) < .2).length/at.length > .8
}

function frameDepth(x) { // how far an even frame reaches in, at most an eighth; 0 for none
  const depth = Math.floor(Math.min(x.width, x.height)/8)
  if (depth < 2 || !isEven(x, ringOf(x, 0)) || !isEven(x, ringOf(x, depth))) return 0
  const inner = medianColor(x, ringOf(x, depth)), off = []
  for (let d = 0; d < depth; d++) {
    const here = medianColor(x, ringOf(x, d))
    off.push(Math.max(...here.map((v, c) => Math.abs(v - inner[c]))))
  }
  if (off[0] < .3) return 0
  if (off[depth - 1] >= .1) return depth
  return 1 + off.findIndex((_, d) => Math.max(...off.slice(d)) < .1)
}

function withoutFrame(x) {
  const d = frameDepth(x)
  if (!d) return x
  const width = x.width - 2*d, height = x.height - 2*d, data = new Float64Array(width*height*3)
  for (let r = 0; r < height; r++) {
    const from = ((r + d)*x.width + d)*3
    data.set(x.data.subarray(from, from + 3*width), 3*r*width)
  }
  return {width, height, data}
}

// ---- the paper ----
function surfaceTerms({width, height}) { // 1, down, right, down·right, down², right² of every pixel, from -1 to 1
  const at = (i, n) => n === 1 ? -1 : -1 + 2*i/(n - 1), terms = new Float64Array(6*width*height)
  for (let r = 0, i = 0; r < height; r++) {
    const y = at(r, height)
    for (let c = 0; c < width; c++, i += 6) {
      const x = at(c, width)
      terms[i] = 1
      terms[i + 1] = y
      terms[i + 2] = x
      terms[i + 3] = y*x
      terms[i + 4] = y*y
      terms[i + 5] = x*x
    }
  }
  return terms
}

function paperAtEdge(x) { // the pixels of the edge that are paper, though ink may reach it here and there
  const {width, height} = x, depth = Math.max(1, roundEven(.04*Math.min(width, height))), edge = []
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
    if (r < depth || c < depth || r >= height - depth || c >= width - depth) edge.push(r*width + c)
  }
  const middle = medianColor(x, edge), off = edge.map(i => furthest(x, i, middle))
  const most = Math.max(quantile(off, .8), .02)
  return edge.filter((_, i) => off[i] <= most)
}

function fitSurface(x, terms, near, k) { // the factors of the first k terms: least squares over the pixels `near`
  const rows = width => Array.from({length: k}, () => new Float64Array(width)), a = rows(k), b = rows(3)
  for (const i of near) for (let p = 0; p < k; p++) {
    const t = terms[6*i + p], row = a[p], values = b[p]
    for (let q = p; q < k; q++) row[q] += t*terms[6*i + q]
    for (let c = 0; c < 3; c++) values[c] += t*x.data[3*i + c]
  }
  for (let p = 0; p < k; p++) for (let q = 0; q < p; q++) a[p][q] = a[q][p]
  return solve(a, b)
}

function offPaper(x) { // -> colours less the paper's, and how far each pixel is from it
  const terms = surfaceTerms(x), n = x.width*x.height, off = new Float64Array(3*n), size = new Float64Array(n)
  let near = paperAtEdge(x)
  for (const k of [3, 3, 6, 6]) { // a plane, then a surface that may bend
    const fit = fitSurface(x, terms, near, k)
    for (let i = 0; i < n; i++) {
      let squares = 0
      for (let c = 0; c < 3; c++) {
        let paper = 0
        for (let p = 0; p < k; p++) paper += terms[6*i + p]*fit[p][c]
        const d = off[3*i + c] = x.data[3*i + c] - paper
        squares += d*d
      }
      size[i] = Math.sqrt(squares)
    }
    const most = Math.max(.7*otsu(size), 1e-3)
    near = []
    for (let i = 0; i < n; i++) if (size[i] <= most) near.push(i)
  }
  return {off, size}
}

// ---- the ink ----
function alongInk(off, size) { // how far each pixel goes from the paper's colour to the ink's
  const least = otsu(size), direction = [0, 0, 0]
  size.forEach((d, i) => { if (d > least) for (let c = 0; c < 3; c++) direction[c] += off[3*i + c] })
  const length = Math.sqrt(sum(direction.map(v => v*v)))
  const [a, b, c] = direction.map(v => v/length)
  return size.map((_, i) => off[3*i]*a + off[3*i + 1]*b + off[3*i + 2]*c)
}

function withoutNoise(ink) { // 0 for what may be noise, 1 for what is surely ink
  const least = otsu(ink.map(v => Math.max(v, 0)))
  const paper = ink.filter(v => v < least), noise = 3*sum(paper.map(Math.abs))/paper.length
  const full = quantile(ink.filter(v => v >= least), .6)
  return ink.map(v => clip((v - noise)/Math.max(full - noise, 1e-3), 0, 1))
}

export function findInk(picture) { // -> {width, height, data: 0 for paper to 1 for ink}
  const x = withoutFrame(colorsOf(picture)), {width, height} = x
  if (Math.min(width, height) < 3) {
    throw Error(`there is no digit to be seen: the picture is only ${width} x ${height} pixels`)
  }
  const {off, size} = offPaper(x)
  if (largest(size) < .06) throw Error('there is no digit to be seen: the picture is all of one colour')
  return {width, height, data: withoutNoise(alongInk(off, size))}
}
