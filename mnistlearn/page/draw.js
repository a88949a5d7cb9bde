// Draw a digit, and see each stage of the course read it.
import {cardsFor} from './cards.js'
import {button, choice, h} from './elements.js'
import {imageOfDigit, picture, side} from './marks.js'
import {Pad} from './pad.js'
import {prepare, Steps, thingsIn} from './steps.js'

const spoilers = {
  'make it tiny': {scale: .35}, 'into a corner': {scale: .5, right: 48, down: -48}, 'a thick pen': {pen: 2.4},
}

// course: {pair, ten: {means, models, accuracies}, examples: arrays of 784 bytes}
export class DrawPanel {
  constructor(root, course) {
    this.course = course
    this.own = [] // the visitor's models
    this.pad = new Pad(() => this.read())
    this.steps = new Steps(() => this.read())
    this.verdict = h('p', {class: 'verdict'}, 'Draw a digit: the four stages read it at every stroke.')
    this.spoken = h('p', {class: 'unseen', role: 'status', 'aria-live': 'polite'})
    this.cards = h('div', {class: 'cards'})
    this.which = choice('The first three know', {pair: '3 and 7', ten: 'all ten'}, 'pair', key => this.use(key))
    root.replaceChildren(
      h('div', {class: 'draw'}, this.pad.element,
        h('div', {}, this.which.element, this.verdict, this.steps.element, this.examples(), this.spoilers())),
      this.spoken, this.cards)
    this.use('pair')
    this.pad.demonstrate()
  }

  examples() {
    const thumbs = this.course.examples.map((bytes, i) => this.example(bytes, i))
    return h('div', {class: 'row'}, h('span', {}, 'start from'), ...thumbs)
  }

  spoilers() {
    const buttons = Object.entries(spoilers).map(([text, how]) => button(text, () => this.pad.change(how)))
    return h('div', {class: 'row'}, h('span', {}, 'spoil it'), ...buttons, button('all steps on', () => this.mend()))
  }

  example(bytes, i) {
    const image = imageOfDigit(bytes), shown = imageOfDigit(bytes)
    const lay = () => this.pad.set([picture(image, 25, 25, side - 50, side - 50)])
    return h('button', {type: 'button', class: 'thumb', 'aria-label': `example ${i + 1}`, click: lay}, shown)
  }

  addCard(card) {
    this.own = [card] // the last one
    this.use(this.key)
  }

  use(key) {
    this.key = key
    const names = key === 'pair' ? ['3', '7'] : [...'0123456789']
    this.readers = [...cardsFor(this.course[key], names), ...this.own]
    this.cards.replaceChildren(...this.readers.map(card => card.element))
    this.read()
  }

  mend() {
    this.steps.reset()
    this.read()
  }

  read() {
    let made
    try {
      if (!this.pad.marks.length) return this.nothing('Draw a digit: the four stages read it at every stroke.')
      made = prepare(this.pad.pixels(), this.steps.on)
    } catch (error) {
      return this.nothing(`${error.message[0].toUpperCase()}${error.message.slice(1)}.`)
    } finally {
      this.steps.show(this.pad.canvas, made?.made)
    }
    const x = Float32Array.from(made.seen, v => v/255), answers = this.readers.map(card => card.read(x)).slice(0, 4)
    const agree = answers.every(name => name === answers[0])
    const words = [agree ? `The four agree: a ${answers[0]}.` : `They disagree: ${answers.join(', ')}.`]
    if (this.steps.on.ink && thingsIn(made.made.strokes) > 1) {
      words.push('There seem to be two things on the pad; each stage takes them for one digit.')
    }
    const off = Object.values(this.steps.on).filter(on => !on).length
    if (off) words.push(off === 1 ? 'One step is left out.' : `${off} steps are left out.`)
    if (!'37'.includes(answers[3]) && this.readers[0].names.length === 2) {
      words.push('Three of them know only 3 and 7.')
    }
    this.tell(words.join(' '))
  }

  nothing(text) {
    for (const card of this.readers) card.clear()
    this.tell(text)
  }

  tell(text) { // shown at once, and read aloud when the pen has rested
    this.verdict.textContent = text
    clearTimeout(this.later)
    this.later = setTimeout(() => { this.spoken.textContent = text }, 700)
  }
}
