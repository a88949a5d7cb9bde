// What the model sees of a picture, step by step. Each step can be left out, to see what it is for.
import {checkbox, h} from './elements.js'
import {canvas, paintInk} from './paint.js'
import {colorsOf, findInk} from './paper.js'
import {alreadyPrepared, centreOfMass, into28, partsOf, scaleTo, strokesOf, withPen} from './prepare.js'

export const stepNames = {
  ink: 'its ink, not its paper', strokes: 'cut to its strokes', pen: 'a usual pen', scale: 'scaled to 20 pixels',
  centre: 'its mass in the middle',
}
export const allOn = () => Object.fromEntries(Object.keys(stepNames).map(name => [name, true]))

function greysOf(picture) { // how light each pixel is: what one has without the first step
  const {width, height, data} = colorsOf(picture)
  const greys = Float64Array.from({length: width*height}, (_, i) => (data[3*i] + data[3*i + 1] + data[3*i + 2])/3)
  return {width, height, data: greys, top: 0, left: 0}
}

function placeIn28(small, cut, whole) { // what of `small` is in the middle of 28 x 28, if it stays where it was
  const down = (cut.top + cut.height/2)/whole.height, right = (cut.left + cut.width/2)/whole.width
  return [14 - 28*down + small.height/2, 14 - 28*right + small.width/2]
}

export function prepare(picture, on) { // -> `seen`, 784 bytes, and what each step made: {name: ink}
  const ink = on.ink ? {...findInk(picture), top: 0, left: 0} : greysOf(picture)
  const strokes = on.strokes ? strokesOf(ink) : ink
  const pen = on.pen ? withPen(strokes) : strokes
  const size = on.scale ? 20 : 28*Math.max(pen.width, pen.height)/Math.max(ink.width, ink.height)
  const small = scaleTo(pen, Math.min(28, size))
  const scaled = into28(small, [small.height/2, small.width/2])
  const centred = into28(small, on.centre ? centreOfMass(small) : placeIn28(small, {top: 0, left: 0, ...pen}, ink))
  const given = Object.values(on).every(Boolean) && alreadyPrepared(picture), seen = given || centred
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
    this.on = allOn()
    this.drawn = canvas(96, 96, 'as drawn')
    this.tiles = {}
    this.boxes = {}
    const figures = Object.entries(stepNames).map(([name, text]) => {
      this.tiles[name] = canvas(96, 96, text, {class: 'pixels'})
      this.boxes[name] = checkbox(text, true, now => {
        this.on[name] = now
        onChange()
      })
      return h('li', {}, this.tiles[name], this.boxes[name].element)
    })
    this.element = h('ol', {class: 'steps', 'aria-label': 'what the model sees, step by step'},
      h('li', {}, this.drawn, h('span', {}, 'as drawn')), ...figures)
  }

  reset() {
    this.on = allOn()
    for (const box of Object.values(this.boxes)) box.input.checked = true
  }

  show(pad, made) { // `made` of `prepare`, or nothing
    const context = this.drawn.getContext('2d')
    context.drawImage(pad, 0, 0, 96, 96)
    for (const [name, tile] of Object.entries(this.tiles)) {
      paintInk(tile, made?.[name] ?? {width: 1, height: 1, data: [0]})
      tile.parentNode.classList.toggle('off', !this.on[name])
    }
  }
}
