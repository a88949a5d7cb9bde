// Numbers as pictures: greys for ink, blue for what speaks for something and orange for what speaks against it.
import {h} from './elements.js'

export function canvas(width, height, label, attributes = {}) {
  return h('canvas', {width, height, role: 'img', 'aria-label': label, ...attributes})
}

function fillPixels(target, width, height, fill) { // `fill(bytes)`: red, green, blue and opacity of each pixel
  const context = target.getContext('2d'), image = context.createImageData(width, height)
  fill(image.data)
  if (target.width !== width) target.width = width
  if (target.height !== height) target.height = height
  context.putImageData(image, 0, 0)
}

export function paint(target, width, height, colorAt) { // `colorAt(i)`: red, green, blue of pixel i, 0..255
  fillPixels(target, width, height, bytes => {
    for (let i = 0; i < width*height; i++) {
      const [red, green, blue] = colorAt(i)
      bytes[4*i] = red
      bytes[4*i + 1] = green
      bytes[4*i + 2] = blue
      bytes[4*i + 3] = 255
    }
  })
}

export function paintInk(target, {width, height, data}, most = 1) { // 0 is white paper, `most` is black
  fillPixels(target, width, height, bytes => {
    for (let i = 0, to = 0; i < width*height; i++, to += 4) {
      bytes[to] = bytes[to + 1] = bytes[to + 2] = 255*(1 - data[i]/most)
      bytes[to + 3] = 255
    }
  })
}

export const asSquare = (data, size = 28) => ({width: size, height: size, data})

const blue = [0, 114, 178], orange = [213, 94, 0]

export function signColor(share) { // -1 is orange, 0 white, 1 blue
  const color = share < 0 ? orange : blue, strength = Math.min(1, Math.abs(share))
  return color.map(c => 255 + (c - 255)*strength)
}

export function paintSigned(target, data, most, width = 28, height = width) { // from -most (orange) to most (blue)
  paint(target, width, height, i => signColor(data[i]/most))
}

export function mostOf(xs) { // how far the largest of them is from 0
  let most = 1e-9
  for (const x of xs) most = Math.max(most, Math.abs(x))
  return most
}

export function bars(names, label) { // a bar and a number for each name
  const rows = names.map(name => {
    const bar = h('i'), value = h('b')
    return {bar, value, element: h('li', {}, h('span', {}, name), h('div', {class: 'track'}, bar), value)}
  })
  const element = h('ol', {class: 'bars', 'aria-label': label}, ...rows.map(row => row.element))
  function set(values, texts, best) {
    rows.forEach((row, i) => {
      row.bar.style.width = `${100*Math.min(1, Math.max(0, values[i]))}%`
      row.value.textContent = texts[i]
      row.element.classList.toggle('best', i === best)
    })
  }
  return {element, set}
}
