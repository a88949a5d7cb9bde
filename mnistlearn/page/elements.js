// Elements of a page, made in one line each.

function fill(element, attributes, children) { // functions are listeners, true and false are attributes there or not
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  element.append(...children.filter(child => child != null))
  return element
}

export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children)

export const s = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)

export const button = (text, click, attributes = {}) => h('button', {type: 'button', click, ...attributes}, text)

export function setText(element, text) { // touched only if it changes
  if (element.textContent !== text) element.textContent = text
}

export class Status { // a sentence, shown at once, and read aloud when it has rested
  constructor(text = '') {
    this.shown = h('p', {class: 'verdict'}, text)
    this.spoken = h('p', {class: 'unseen', role: 'status'})
    this.element = h('div', {}, this.shown, this.spoken)
  }

  say(text) {
    setText(this.shown, text)
    clearTimeout(this.later)
    this.later = setTimeout(() => setText(this.spoken, text), 700)
  }
}

export class Repeat { // a button: `step` again and again, until it is pressed once more or `step` gives false
  constructor(name, {every, calmly, begin = () => {}}, step) { // thousandths of a second; calmly: with reduced motion
    Object.assign(this, {name, every, calmly, begin, step})
    this.button = button(name, () => this.timer ? this.stop() : this.start())
  }

  start() {
    this.begin()
    setText(this.button, 'stop')
    this.timer = setInterval(() => {
      if (!this.button.isConnected || this.step() === false) this.stop()
    }, calm() ? this.calmly : this.every)
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    setText(this.button, this.name)
  }
}

export function fileButton(text, attributes, take) { // a button that asks for files; the same one may be chosen again
  const input = h('input', {type: 'file', hidden: true, ...attributes, change: () => take([...input.files])})
  const ask = () => {
    input.value = ''
    input.click()
  }
  return h('span', {}, button(text, ask), input)
}

export function swatches(...names) { // what blue and what orange stand for in a picture
  const each = (name, kind) => h('span', {}, h('i', {class: `swatch ${kind}`}), name)
  return h('p', {class: 'small swatches'}, each(names[0], 'for'), each(names[1], 'against'))
}

export function slider(label, {min, max, step = 1, value, say = String}, change) { // `say` writes its value
  const output = h('span', {class: 'value', 'aria-hidden': 'true'}, say(value))
  const input = h('input', {type: 'range', min, max, step, value, 'aria-label': label, 'aria-valuetext': say(value)})
  input.addEventListener('input', () => {
    const now = Number(input.value)
    setText(output, say(now))
    input.setAttribute('aria-valuetext', say(now))
    change(now)
  })
  const element = h('label', {class: 'slider'}, h('span', {}, label), input, output)
  const set = now => {
    input.value = now
    setText(output, say(now))
    input.setAttribute('aria-valuetext', say(now))
  }
  return {element, input, set, get value() { return Number(input.value) }}
}

export function choice(legend, options, value, change) { // one of several, as a row of buttons that stay down
  const buttons = Object.entries(options).map(([key, text]) => button(text, () => set(key, true), {'data-key': key}))
  function set(key, tell = false) {
    for (const b of buttons) b.setAttribute('aria-pressed', b.dataset.key === key)
    if (tell) change(key)
  }
  set(value)
  const element = h('div', {class: 'choice', role: 'group', 'aria-label': legend}, h('span', {}, legend), ...buttons)
  return {element, set}
}

export function checkbox(label, value, change) {
  const input = h('input', {type: 'checkbox', change: () => change(input.checked)})
  input.checked = value
  return {element: h('label', {class: 'checkbox'}, input, h('span', {}, label)), input}
}

export const percent = (p, digits = 0) => `${(100*p).toFixed(digits)}%`

export const sayPower = power => String(Number((10**power).toPrecision(2))) // of a rate on a slider

export const signed = (x, digits = 1) => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(digits)}`

// Would the visitor rather see nothing move?
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches
