// What the model sees of a picture, step by step. Each step can be left out, to see what it is for.
import {button, checkbox, h, setText} from './elements.js'
import {canvas, paintInk} from './paint.js'
import {findInk} from './paper.js'
import {centreOfMass, into28, partsOf, scaleTo, strokesOf, withPen} from './prepare.js'

export const stepNames = {
  ink: 'ink, not paper', strokes: 'cut to the strokes', pen: 'a usual pen', scale: 'longer side: 20 pixels',
  centre: 'centred by its ink',
}
export const allOn = () => Object.fromEntries(Object.keys(stepNames).map(name => [name, true]))

function greysOf({width, height, data}) { // how light each pixel is: what one has without the first step
  const greys = new Float64Array(width*height)
  for (let i = 0; i < greys.length; i++) greys[i] = (data[3*i] + data[3*i + 1] + data[3*i + 2])/3
  return {width, height, data: greys}
}

function placeIn28(small, cut, whole) { // what of `small` is in the middle of 28 x 28, if it stays where it was
  const down = ((cut.top ?? 0) + cut.height/2)/whole.height, right = ((cut.left ?? 0) + cut.width/2)/whole.width
  return [14 - 28*down + small.height/2, 14 - 28*right + small.width/2]
}

export function prepare({colors, given}, on) { // -> `seen`, 784 bytes, and what each step made: {name: ink}
  const ink = on.ink ? findInk(colors) : greysOf(colors)
  const strokes = on.strokes ? strokesOf(ink) : ink
  const pen = on.pen ? withPen(strokes) : strokes
  const size = on.scale ? 20 : 28*Math.max(pen.width, pen.height)/Math.max(ink.width, ink.height)
  const small = scaleTo(pen, Math.min(28, size))
  const scaled = into28(small, [small.height/2, small.width/2])
  const centred = into28(small, on.centre ? centreOfMass(small) : placeIn28(small, pen, ink))
  const seen = Object.values(on).every(Boolean) && given ? given : centred
  const share = bytes => ({width: 28, height: 28, data: Float64Array.from(bytes, v => v/255)})
  return {seen, made: {ink, strokes, pen, scale: share(scaled), centre: share(seen)}}
}

export function thingsIn({width, data, height}) { // how many large things stand beside each other in the ink
  const {part, sizes} = partsOf({width, height, data}), least = Math.max(...sizes)/8, columns = new Map()
  part.forEach((number, i) => {
    if (!number || sizes[number] < least) return
    const c = i%width, [from, to] = columns.get(number) ?? [c, c]
    columns.set(number, [Math.min(from, c), Math.max(to, c)])
  })
  let things = 0, end = -Infinity
  for (const [from, to] of [...columns.values()].sort((a, b) => a[0] - b[0])) {
    if (from > end) things++
    end = Math.max(end, to)
  }
  return things
}

export class Steps { // the pictures, each with its switch
  constructor(onChange) {
    this.onChange = onChange
    this.on = allOn()
    this.drawn = canvas(96, 96, 'as drawn')
    this.tiles = {}
    this.sizes = {}
    this.boxes = {}
    const figures = Object.entries(stepNames).map(([name, text]) => {
      this.tiles[name] = canvas(96, 96, `picture: ${text}`, {class: 'pixels'})
      this.sizes[name] = h('span', {class: 'size'})
      this.boxes[name] = checkbox(text, true, now => this.set({[name]: now}))
      return h('li', {}, this.tiles[name], this.boxes[name].element, this.sizes[name])
    })
    const pictures = h('ol', {class: 'steps', 'aria-label': 'what the models see, step by step'},
      h('li', {}, this.drawn, h('span', {}, 'as drawn')), ...figures)
    this.element = h('div', {}, pictures, h('div', {class: 'row'}, button('all steps on', () => this.set(allOn()))))
  }

  set(some) {
    Object.assign(this.on, some)
    for (const [name, box] of Object.entries(this.boxes)) box.input.checked = this.on[name]
    this.onChange()
  }

  show(drawing, made) { // `made` of `prepare`, or nothing
    this.drawn.getContext('2d').drawImage(drawing, 0, 0, 96, 96)
    for (const [name, tile] of Object.entries(this.tiles)) {
      const ink = made?.[name]
      paintInk(tile, ink ?? {width: 1, height: 1, data: [0]})
      setText(this.sizes[name], ink ? `${ink.width} x ${ink.height}` : '')
      tile.parentNode.classList.toggle('off', !this.on[name])
    }
  }
}
