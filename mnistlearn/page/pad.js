// The drawing pad: mouse, finger, pen or keyboard; undo, clear; a picture dropped in.
import {button, calm, fileButton, h, setText, slider} from './elements.js'
import {aThree, drawMarks, picture, pixelsOf, readPicture, side, stroke} from './marks.js'
import {colorsOf} from './paper.js'
import {alreadyPrepared} from './prepare.js'

const moves = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}

export class Pad {
  constructor(onChange) { // called after every change, at most once a frame
    this.onChange = onChange
    this.marks = []
    this.history = []
    this.pen = 13
    this.cursor = null // where the keyboard's pen is, and whether it is down
    this.canvas = h('canvas', {
      width: 560, height: 560, class: 'pad', tabindex: 0, role: 'application', 'aria-roledescription': 'drawing pad',
      'aria-label': 'Drawing pad. Arrow keys move the pen, space puts it down or lifts it, backspace takes back.',
    })
    this.small = h('canvas', {width: side, height: side}) // what is read
    this.hint = h('p', {class: 'hint', 'aria-hidden': 'true'}, 'draw a digit here')
    this.message = h('p', {class: 'note', role: 'status'})
    const pen = slider('pen', {min: 4, max: 40, value: this.pen}, value => { this.pen = value })
    const buttons = [button('undo', () => this.undo()), button('clear', () => this.clear())]
    const load = fileButton('load a picture …', {accept: 'image/*'}, files => this.take(files[0]))
    this.element = h('div', {class: 'padbox'}, h('div', {class: 'paper'}, this.canvas, this.hint),
      h('div', {class: 'row'}, ...buttons, load), pen.element, this.message)
    this.listen()
    drawMarks(this.canvas, [])
    drawMarks(this.small, [])
  }

  listen() {
    const pad = this.canvas
    pad.addEventListener('pointerdown', e => this.pointerDown(e))
    pad.addEventListener('pointermove', e => this.pointerMove(e))
    for (const end of ['pointerup', 'lostpointercapture']) pad.addEventListener(end, e => this.pointerUp(e))
    pad.addEventListener('pointercancel', e => { if (e.pointerId === this.pointer) this.undo() })
    pad.addEventListener('keydown', e => this.key(e))
    pad.addEventListener('blur', () => this.setCursor(null))
    pad.addEventListener('focus', () => {
      if (this.pointer === undefined && pad.matches(':focus-visible')) this.setCursor({x: 100, y: 60, down: false})
    })
    pad.addEventListener('dragover', e => e.preventDefault())
    pad.addEventListener('drop', e => {
      e.preventDefault()
      this.take(e.dataTransfer.files[0])
    })
  }

  // ---- mouse, finger, pen ----
  placeOf(e) {
    const box = this.canvas.getBoundingClientRect()
    return [(e.clientX - box.left)*side/box.width, (e.clientY - box.top)*side/box.height]
  }

  pointerDown(e) {
    if (this.pointer !== undefined || e.button > 0) return // a second finger, or another button
    e.preventDefault()
    this.pointer = e.pointerId
    this.canvas.setPointerCapture(e.pointerId)
    this.canvas.focus({preventScroll: true})
    this.setCursor(null)
    this.begin(this.placeOf(e))
  }

  pointerMove(e) {
    if (e.pointerId !== this.pointer) return
    if (!e.buttons) return this.pointerUp(e) // let go where nobody saw it
    const events = e.getCoalescedEvents?.() ?? []
    for (const one of events.length ? events : [e]) this.current.points.push(this.placeOf(one))
    this.redraw()
  }

  pointerUp(e) {
    if (e.pointerId === this.pointer) this.pointer = undefined
  }

  // ---- the keyboard ----
  setCursor(cursor) {
    this.cursor = cursor
    this.redraw(false)
  }

  key(e) {
    const move = moves[e.key], cursor = this.cursor ?? {x: 100, y: 60, down: false}
    if (e.ctrlKey || e.metaKey || e.altKey) {
      if (e.key.toLowerCase() !== 'z' || e.altKey) return
      this.undo()
    } else if (move) {
      const far = e.shiftKey ? 2 : 6, within = v => Math.min(side, Math.max(0, v))
      const now = {...cursor, x: within(cursor.x + far*move[0]), y: within(cursor.y + far*move[1])}
      if (now.down) this.current.points.push([now.x, now.y])
      this.cursor = now
      this.redraw(now.down)
    } else if (e.key === ' ' || e.key === 'Enter') {
      if (!e.repeat) this.penUpOrDown(cursor)
    } else if (e.key === 'Backspace') this.undo()
    else if (e.key === 'Delete') this.clear()
    else return
    e.preventDefault()
  }

  penUpOrDown(cursor) {
    const down = !cursor.down
    this.cursor = {...cursor, down}
    if (down) this.begin([cursor.x, cursor.y])
    this.say(down ? 'pen down' : 'pen up')
    this.redraw(false)
  }

  // ---- what is on it ----
  begin(point) {
    this.keep()
    this.current = stroke(this.pen, point)
    const before = this.marks === this.demonstration ? [] : this.marks
    this.marks = [...before, this.current]
    this.redraw()
  }

  keep() { // what `undo` goes back to
    this.history = [...this.history.slice(-99), this.marks]
  }

  put(marks, {forget = false} = {}) {
    if (forget) this.history = []
    else this.keep()
    this.lift()
    this.marks = marks
    this.redraw()
  }

  lift() { // whatever was being drawn is at its end
    this.pointer = undefined
    if (this.cursor) this.cursor.down = false
  }

  undo() {
    this.lift()
    if (this.history.length) this.marks = this.history.pop()
    this.redraw()
  }

  clear() {
    if (this.marks.length) this.put([])
    this.say('')
  }

  async take(file) { // a picture; the last one asked for counts
    if (!file) return
    const ticket = this.ticket = {}
    try {
      const {pixels, shown} = await readPicture(file), fit = Math.min(side/shown.width, side/shown.height)
      if (this.ticket !== ticket) return
      const [width, height] = [shown.width*fit, shown.height*fit]
      const mark = picture(shown, (side - width)/2, (side - height)/2, width, height)
      this.put([{...mark, file: {colors: colorsOf(pixels), given: alreadyPrepared(pixels)}}])
      this.say('')
    } catch (error) {
      if (!(error instanceof DOMException)) throw error
      this.say(`${file.name} is no picture that this browser can show; a PNG or a JPEG file will do`)
    }
  }

  look() { // -> colors, and `given` if it is an image of MNIST: a picture alone as in its file, all else as on the pad
    const [only] = this.marks
    if (this.marks.length === 1 && only.file) return only.file
    const pixels = pixelsOf(this.small)
    return {colors: colorsOf(pixels)}
  }

  say(text) { setText(this.message, text) }

  redraw(tell = true) {
    this.changed ||= tell
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined
      drawMarks(this.canvas, this.marks)
      if (this.cursor) this.drawCursor()
      const isDemonstration = this.marks === this.demonstration
      this.hint.hidden = this.marks.length > 0 && !isDemonstration
      setText(this.hint, isDemonstration && this.marks.length ? 'now you: draw here' : 'draw a digit here')
      if (!this.changed) return
      this.changed = false
      drawMarks(this.small, this.marks)
      this.onChange(this)
    })
  }

  drawCursor() {
    const context = this.canvas.getContext('2d'), {x, y, down} = this.cursor
    context.lineWidth = 2
    context.strokeStyle = context.fillStyle = '#0072b2'
    context.beginPath()
    context.arc(x, y, Math.max(5, this.pen/2), 0, 2*Math.PI)
    context.stroke()
    if (down) context.fill()
  }

  demonstrate() { // a digit that draws itself, once, and goes as soon as the visitor does anything
    const whole = aThree(), n = whole.points.length, begin = performance.now()
    this.demonstration = this.marks
    const grow = now => {
      if (this.marks !== this.demonstration) return
      const shown = calm() ? n : Math.max(1, Math.min(n, Math.ceil((now - begin)/900*n)))
      this.marks = this.demonstration = [{...whole, points: whole.points.slice(0, shown)}]
      this.redraw()
      if (shown < n) requestAnimationFrame(grow)
    }
    requestAnimationFrame(grow)
  }
}
