// A picture of another size, as Pillow makes it, to the last bit: weights in whole numbers, across, then down.
import {clip} from './numbers.js'

const bits = 22
const sinc = x => x === 0 ? 1 : Math.sin(x*Math.PI)/(x*Math.PI)

const filters = {
  box: {support: .5, at: x => x > -.5 && x <= .5 ? 1 : 0},
  bicubic: {support: 2, at: x => {
    x = Math.abs(x)
    if (x < 1) return (1.5*x - 2.5)*x*x + 1
    return x < 2 ? (((x - 5)*x + 8)*x - 4)*-.5 : 0
  }},
  lanczos: {support: 3, at: x => x >= -3 && x < 3 ? sinc(x)*sinc(x/3) : 0},
}

function weightsFor(size, span, wanted, filter) { // for each new pixel: where it begins to look, and its weights
  const scale = span/wanted, stretch = Math.max(scale, 1), shrink = 1/stretch, support = filter.support*stretch
  return Array.from({length: wanted}, (_, i) => {
    const centre = (i + .5)*scale
    const from = Math.max(0, Math.trunc(centre - support + .5))
    const to = Math.min(size, Math.trunc(centre + support + .5))
    const raw = []
    for (let x = from; x < to; x++) raw.push(filter.at((x - centre + .5)*shrink))
    const total = raw.reduce((a, b) => a + b, 0)
    const weights = raw.map(w => Math.trunc(w/total*2**bits + (w < 0 ? -.5 : .5)))
    return {from, weights}
  })
}

const byte = total => clip(Math.floor((total + 2**(bits - 1))/2**bits), 0, 255)

function across({width, height, channels, data}, span, wanted, filter) {
  const out = new Uint8ClampedArray(wanted*height*channels)
  weightsFor(width, span, wanted, filter).forEach(({from, weights}, x) => {
    for (let y = 0; y < height; y++) for (let c = 0; c < channels; c++) {
      let total = 0
      for (let i = 0; i < weights.length; i++) total += weights[i]*data[(y*width + from + i)*channels + c]
      out[(y*wanted + x)*channels + c] = byte(total)
    }
  })
  return {width: wanted, height, channels, data: out}
}

function down({width, height, channels, data}, span, wanted, filter) {
  const row = width*channels, out = new Uint8ClampedArray(row*wanted)
  weightsFor(height, span, wanted, filter).forEach(({from, weights}, y) => {
    for (let i = 0; i < row; i++) {
      let total = 0
      for (let j = 0; j < weights.length; j++) total += weights[j]*data[(from + j)*row + i]
      out[y*row + i] = byte(total)
    }
  })
  return {width, height: wanted, channels, data: out}
}

// image: {width, height, channels, data: bytes}; span: how much of its width and height is meant, by default all
export function resample(image, width, height, name, span = [image.width, image.height]) {
  const filter = filters[name], fewerRows = image.height - height, fewerColumns = image.width - width
  const passes = [
    o => width === o.width && span[0] === o.width ? o : across(o, span[0], width, filter),
    o => height === o.height && span[1] === o.height ? o : down(o, span[1], height, filter),
  ]
  if (fewerRows > 0 && fewerRows > 2*fewerColumns) passes.reverse() // as Pillow does, since version 13
  return passes.reduce((o, pass) => pass(o), image)
}

export function reduce(image, fx, fy) { // the mean of each fx x fy pixels, and of those left over at the edge
  const {width, height, channels, data} = image, w = Math.ceil(width/fx), h = Math.ceil(height/fy)
  const out = new Uint8ClampedArray(w*h*channels)
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const right = Math.min(width, (x + 1)*fx), bottom = Math.min(height, (y + 1)*fy)
    const n = (right - x*fx)*(bottom - y*fy), share = Math.floor(2**24/n)
    for (let c = 0; c < channels; c++) {
      let total = Math.floor(n/2)
      for (let v = y*fy; v < bottom; v++) for (let u = x*fx; u < right; u++) total += data[(v*width + u)*channels + c]
      out[(y*w + x)*channels + c] = Math.floor(total*share/2**24)
    }
  }
  return {width: w, height: h, channels, data: out}
}

function thumbnailSize(width, height, most) {
  const aspect = width/height
  const nearest = (x, off) => {
    const low = Math.max(1, Math.floor(x)), high = Math.max(1, Math.ceil(x))
    return off(low) <= off(high) ? low : high
  }
  if (aspect <= 1) return [nearest(most*aspect, n => Math.abs(aspect - n/most)), most]
  return [most, nearest(most/aspect, n => Math.abs(aspect - most/n))]
}

export function thumbnail(image, most) { // no side longer than so many pixels
  const {width, height} = image
  if (width <= most && height <= most) return image
  const [w, h] = thumbnailSize(width, height, most)
  const fx = Math.trunc(width/w/2) || 1, fy = Math.trunc(height/h/2) || 1 // first roughly, if it is much too large
  if (image.channels === 4 || fx*fy === 1) return resample(image, w, h, 'lanczos')
  return resample(reduce(image, fx, fy), w, h, 'lanczos', [width/fx, height/fy])
}
