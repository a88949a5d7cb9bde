// Rules 1 and 2 of chapter 14: the paper is a smooth surface, and the ink is what lies off it in one direction.
import {clip, largest, median, otsu, quantile, roundEven, solve, sum} from './numbers.js'
import {Refusal} from './refusal.js'
import {thumbnail} from './resample.js'

// ---- colours: {width, height, data}, three numbers 0..1 for each pixel ----
const levels = Float32Array.from({length: 256}, (_, v) => v/255)

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

// {width, height, data: RGBA bytes}, and `hasAlpha` if it may be transparent -> at most 200 pixels high and wide
export function colorsOf(picture) {
  if (picture.hasAlpha) return transparentColors(picture)
  const {width, height, data} = picture, n = width*height, rgb = new Uint8ClampedArray(3*n)
  for (let i = 0, from = 0, to = 0; i < n; i++, from += 4, to += 3) {
    if (data[from + 3] < 255) return transparentColors(picture)
    rgb[to] = data[from]
    rgb[to + 1] = data[from + 1]
    rgb[to + 2] = data[from + 2]
  }
  const small = thumbnail({width, height, channels: 3, data: rgb}, 200), colors = new Float64Array(small.data.length)
  for (let i = 0; i < colors.length; i++) colors[i] = levels[small.data[i]]
  return {width: small.width, height: small.height, data: colors}
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

// ---- the paper: a smooth surface, as a sum of six terms ----
// 1, down, right, down·right, down², right², where down and right run from -1 to 1: their powers of each
const downs = [0, 1, 0, 1, 2, 0], rights = [0, 0, 1, 1, 0, 2]

const along = n => Float64Array.from({length: n}, (_, i) => n === 1 ? -1 : -1 + 2*i/(n - 1)) // from -1 to 1

function paperAtEdge(x) { // the pixels of the edge that are paper, though ink may reach it here and there
  const {width, height} = x, depth = Math.max(1, roundEven(.04*Math.min(width, height))), edge = []
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
    if (r < depth || c < depth || r >= height - depth || c >= width - depth) edge.push(r*width + c)
  }
  const middle = medianColor(x, edge), off = edge.map(i => furthest(x, i, middle))
  const most = Math.max(quantile(off, .8), .02), mask = new Uint8Array(width*height)
  edge.forEach((i, k) => { mask[i] = off[k] <= most ? 1 : 0 })
  return mask
}

// Of a row's pixels in the mask: the sums of right⁰ to right⁴, and of each colour times right⁰ to right²
function rowSums(x, mask, row, right) {
  const powers = new Float64Array(5), colors = [0, 1, 2].map(() => new Float64Array(3))
  for (let c = 0, i = row*x.width; c < x.width; c++, i++) {
    if (!mask[i]) continue
    const u = right[c], v = u*u
    powers[0] += 1
    powers[1] += u
    powers[2] += v
    powers[3] += u*v
    powers[4] += v*v
    for (let channel = 0; channel < 3; channel++) {
      const color = x.data[3*i + channel], sums = colors[channel]
      sums[0] += color
      sums[1] += color*u
      sums[2] += color*v
    }
  }
  return {powers, colors}
}

function fitSurface(x, mask, k) { // the factors of the first k terms, for each colour: least squares in the mask
  const rows = width => Array.from({length: k}, () => new Float64Array(width)), a = rows(k), b = rows(3)
  const down = along(x.height), right = along(x.width)
  for (let row = 0; row < x.height; row++) {
    const {powers, colors} = rowSums(x, mask, row, right)
    for (let p = 0; p < k; p++) {
      for (let q = 0; q < k; q++) a[p][q] += down[row]**(downs[p] + downs[q])*powers[rights[p] + rights[q]]
      for (let c = 0; c < 3; c++) b[p][c] += down[row]**downs[p]*colors[c][rights[p]]
    }
  }
  return solve(a, b)
}

function subtractSurface(x, factors, channel, off) { // of one colour, less the surface with these six factors
  const [a, b, c, d, e, f] = factors, down = along(x.height), right = along(x.width)
  for (let row = 0, i = channel; row < x.height; row++) {
    const y = down[row], level = a + b*y + e*y*y, slope = c + d*y
    for (let col = 0; col < x.width; col++, i += 3) off[i] = x.data[i] - (level + (slope + f*right[col])*right[col])
  }
}

function lengths(off) { // of the three numbers of each pixel
  const out = new Float64Array(off.length/3)
  for (let i = 0, from = 0; i < out.length; i++, from += 3) {
    out[i] = Math.sqrt(off[from]*off[from] + off[from + 1]*off[from + 1] + off[from + 2]*off[from + 2])
  }
  return out
}

function offPaper(x) { // -> colours less the paper's, and how far each pixel is from it
  const off = new Float64Array(x.data.length)
  const mask = paperAtEdge(x)
  let size
  for (const k of [3, 3, 6, 6]) { // a plane, then a surface that may bend
    const fit = fitSurface(x, mask, k)
    for (let c = 0; c < 3; c++) subtractSurface(x, downs.map((_, p) => p < k ? fit[p][c] : 0), c, off)
    size = lengths(off)
    const most = Math.max(.7*otsu(size), 1e-3)
    for (let i = 0; i < size.length; i++) mask[i] = size[i] <= most ? 1 : 0
  }
  return {off, size}
}

// ---- the ink ----
function alongInk(off, size) { // how far each pixel goes from the paper's colour to the ink's
  const least = otsu(size), direction = [0, 0, 0]
  for (let i = 0; i < size.length; i++) {
    if (size[i] > least) for (let c = 0; c < 3; c++) direction[c] += off[3*i + c]
  }
  const length = Math.sqrt(sum(direction.map(v => v*v)))
  const [a, b, c] = direction.map(v => v/length), ink = new Float64Array(size.length)
  for (let i = 0, from = 0; i < ink.length; i++, from += 3) ink[i] = off[from]*a + off[from + 1]*b + off[from + 2]*c
  return ink
}

function withoutNoise(ink) { // 0 for what may be noise, 1 for what is surely ink
  const n = ink.length, positive = new Float64Array(n), out = new Float64Array(n), high = []
  for (let i = 0; i < n; i++) if (ink[i] > 0) positive[i] = ink[i]
  const least = otsu(positive)
  let total = 0
  for (let i = 0; i < n; i++) {
    if (ink[i] < least) total += Math.abs(ink[i])
    else high.push(ink[i])
  }
  const noise = 3*total/(n - high.length), range = Math.max(quantile(high, .6) - noise, 1e-3)
  for (let i = 0; i < n; i++) out[i] = clip((ink[i] - noise)/range, 0, 1)
  return out
}

export function findInk(colors) { // of `colorsOf` -> {width, height, data: 0 for paper to 1 for ink}
  const x = withoutFrame(colors), {width, height} = x
  if (Math.min(width, height) < 3) {
    throw new Refusal(`there is no digit to be seen: the picture is only ${width} x ${height} pixels as it is ` +
                      'looked at; cut out the part with the digit')
  }
  const {off, size} = offPaper(x)
  if (largest(size) < .06) throw new Refusal('there is no digit to be seen: the picture is all of one colour')
  return {width, height, data: withoutNoise(alongInk(off, size))}
}
