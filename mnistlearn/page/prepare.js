// A picture, prepared as MNIST's were: rules 3 to 5 of chapter 14, and all of them one after the other.
// Ink is {width, height, data}, 0 for paper to 1 for ink; `top` and `left` say where it was in the picture.
import {clip, largest, quantile, roundEven, sum} from './numbers.js'
import {colorsOf, findInk} from './paper.js'
import {Refusal} from './refusal.js'
import {resample} from './resample.js'

// ---- rule 3: the strokes, without specks ----
export function cutToInk({width, height, data, top: above = 0, left: before = 0}) {
  let top = height, left = width, bottom = -1, right = -1
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) if (data[r*width + c] > .3) {
    top = Math.min(top, r)
    bottom = r
    left = Math.min(left, c)
    right = Math.max(right, c)
  }
  const w = right - left + 1, h = bottom - top + 1, out = new Float64Array(w*h)
  for (let r = 0; r < h; r++) out.set(data.subarray((top + r)*width + left, (top + r)*width + left + w), r*w)
  return {width: w, height: h, data: out, top: above + top, left: before + left}
}

export function partsOf({width, height, data}) { // what hangs together: `part`, a number for each pixel, and `sizes`
  const part = new Int32Array(width*height), sizes = [0]
  for (let start = 0; start < part.length; start++) {
    if (part[start] || data[start] <= .4) continue
    const todo = [start], number = sizes.length
    part[start] = number
    sizes.push(0)
    while (todo.length) {
      const i = todo.pop(), r = Math.floor(i/width), c = i%width
      sizes[number] += data[i]
      for (let y = Math.max(0, r - 1); y <= Math.min(height - 1, r + 1); y++) {
        for (let x = Math.max(0, c - 1); x <= Math.min(width - 1, c + 1); x++) {
          const j = y*width + x
          if (part[j] || data[j] <= .4) continue
          part[j] = number
          todo.push(j)
        }
      }
    }
  }
  return {part, sizes}
}

function grown(mask, width) { // by a pixel to the four sides
  const out = mask.slice()
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue
    if (i >= width) out[i - width] = 1
    if (i < mask.length - width) out[i + width] = 1
    if (i%width > 0) out[i - 1] = 1
    if (i%width < width - 1) out[i + 1] = 1
  }
  return out
}

export function strokesOf(ink) {
  const {part, sizes} = partsOf(ink)
  if (sizes.length === 1) throw new Refusal('there is no digit to be seen')
  const least = Math.max(...sizes.slice(1))/8
  let large = part.map(number => number && sizes[number] >= least ? 1 : 0)
  for (let round = 0; round < 2; round++) large = grown(large, ink.width)
  return cutToInk({...ink, data: ink.data.map((v, i) => large[i] ? v : 0)})
}

// ---- rule 4: a pen that is neither too thin nor too thick ----
function padded({width, height, data, top = 0, left = 0}, by) {
  const w = width + 2*by, out = new Float64Array(w*(height + 2*by))
  for (let r = 0; r < height; r++) out.set(data.subarray(r*width, (r + 1)*width), (r + by)*w + by)
  return {width: w, height: height + 2*by, data: out, top: top - by, left: left - by}
}

function distances(inside, width, height) { // of each pixel that is inside, how far the nearest outside one is
  const far = 1e9, vertical = new Float64Array(width*height), out = new Float64Array(width*height)
  for (let c = 0; c < width; c++) {
    let d = far
    for (let r = 0; r < height; r++) vertical[r*width + c] = d = inside[r*width + c] ? d + 1 : 0
    d = far
    for (let r = height - 1; r >= 0; r--) {
      d = inside[r*width + c] ? d + 1 : 0
      vertical[r*width + c] = Math.min(vertical[r*width + c], d)
    }
  }
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) {
    let best = vertical[r*width + c]**2
    for (let step = 1; step < width && step*step < best; step++) { // to both sides, while it may still pay
      if (c >= step) best = Math.min(best, step*step + vertical[r*width + c - step]**2)
      if (c + step < width) best = Math.min(best, step*step + vertical[r*width + c + step]**2)
    }
    out[r*width + c] = Math.sqrt(best)
  }
  return out
}

export function penWidth(ink) { // the mean distance of the ink from the paper is a quarter of it
  const {width, height, data} = padded(ink, 1)
  const inside = distances(data.map(v => v > .5 ? 1 : 0), width, height).filter(d => d > 0)
  return inside.length ? 4*sum(inside)/inside.length - 2 : 0
}

function thicker(ink, by) { // by so many pixels on each side
  const room = padded(ink, Math.ceil(by))
  const away = distances(room.data.map(v => v <= .5 ? 1 : 0), room.width, room.height)
  return {...room, data: room.data.map((v, i) => Math.max(v, clip(by + .5 - away[i], 0, 1)))}
}

function thinner(ink, by) {
  const room = padded(ink, 1), inside = distances(room.data.map(v => v > .5 ? 1 : 0), room.width, room.height)
  const thin = ink.data.map((_, i) => {
    const r = Math.floor(i/ink.width), c = i%ink.width
    return clip(inside[(r + 1)*room.width + c + 1] - by, 0, 1)
  })
  return largest(thin) > .9 ? cutToInk({...ink, data: thin}) : ink
}

export function withPen(ink, least = 1.6, most = 4) { // pixels, if the whole were 20 high or wide
  const unit = Math.max(ink.width, ink.height)/20, width = penWidth(ink)
  if (width < least*unit) return thicker(ink, (least*unit - width)/2)
  if (width > most*unit) return thinner(ink, (width - most*unit)/2)
  return ink
}

// ---- rule 5: 20 pixels high or wide, the centre of mass in the middle of 28 x 28 ----
export function centreOfMass({width, height, data}) { // from the top and from the left, in pixels
  let down = 0, right = 0, total = 0
  for (let r = 0, i = 0; r < height; r++) for (let c = 0; c < width; c++, i++) {
    total += data[i]
    down += data[i]*(r + .5)
    right += data[i]*(c + .5)
  }
  return [down/Math.max(total, 1e-9), right/Math.max(total, 1e-9)]
}

export function scaleTo(ink, size) { // -> its longer side of so many pixels, ink that is black again, 0..255
  const {width, height} = ink, side = Math.max(width, height)
  const [w, h] = [width, height].map(o => Math.max(1, roundEven(size*o/side)))
  const bytes = new Uint8ClampedArray(ink.data.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = roundEven(255*ink.data[i])
  const small = resample({width, height, channels: 1, data: bytes}, w, h, side > 60 ? 'box' : 'bicubic')
  const black = Math.max(1, Math.fround(quantile(small.data.filter(v => v > 0), .98)))
  return {...small, data: Float64Array.from(small.data, v => clip(Math.fround(Math.fround(v*255)/black), 0, 255))}
}

export function into28(small, [down, right]) { // the point `down` and `right` in the middle -> 784 bytes
  const out = new Uint8ClampedArray(784), top = roundEven(34 - down) - 20, left = roundEven(34 - right) - 20
  for (let r = 0; r < small.height; r++) for (let c = 0; c < small.width; c++) {
    const y = top + r, x = left + c
    if (y >= 0 && y < 28 && x >= 0 && x < 28) out[28*y + x] = roundEven(small.data[r*small.width + c])
  }
  return out
}

export function alreadyPrepared({width, height, data, hasAlpha}) { // its 784 bytes, if it is an image as MNIST has them
  if (width !== 28 || height !== 28 || hasAlpha) return
  const bytes = new Uint8ClampedArray(784)
  for (let i = 0; i < 784; i++) {
    const [r, g, b, alpha] = data.subarray(4*i, 4*i + 4)
    if (alpha < 255) return
    bytes[i] = (r*19595 + g*38470 + b*7471 + 2**15) >> 16
  }
  const off = Math.max(...centreOfMass({width, height, data: bytes}).map(at => Math.abs(at - 14)))
  if (largest(bytes) <= 150 || off >= 1) return
  const rows = [], cols = []
  bytes.forEach((v, i) => { if (v) { rows.push(Math.floor(i/28)); cols.push(i%28) } })
  const extent = at => 1 + largest(at) - Math.min(...at), size = Math.max(extent(rows), extent(cols))
  if (size === 19 || size === 20) return bytes
}

export function asMnist(picture) { // {width, height, data: RGBA bytes} -> 784 bytes, 0 for paper to 255 for ink
  const prepared = alreadyPrepared(picture)
  if (prepared) return prepared
  const small = scaleTo(withPen(strokesOf(findInk(colorsOf(picture)))), 20)
  return into28(small, centreOfMass(small))
}
