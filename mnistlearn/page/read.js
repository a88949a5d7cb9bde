// A pad, what the model sees of the drawing, and what it makes of it.
import {OwnCard} from './yours.js'
import {h} from './elements.js'
import {makeReader} from './models.js'
import {Pad} from './pad.js'
import {prepare, Steps, thingsIn} from './steps.js'

const sentence = text => `${text[0].toUpperCase()}${text.slice(1)}.`
const invitation = 'Draw a digit: it is read at every stroke.'

// state: what `Reader.save` of the course writes: {recipe, vocab, accuracy, model}
export class ReadPanel {
  constructor(root, state) {
    this.pad = new Pad(() => this.read())
    this.steps = new Steps(() => this.read())
    this.verdict = h('p', {class: 'verdict'}, invitation)
    this.spoken = h('p', {class: 'unseen', role: 'status', 'aria-live': 'polite'})
    this.cards = h('div', {class: 'cards'})
    this.tools = h('div')
    this.head = h('div')
    root.replaceChildren(h('div', {class: 'draw'}, this.pad.element,
      h('div', {}, this.head, this.verdict, this.steps.element, this.tools)), this.spoken, this.cards)
    this.fill(state)
    this.pad.demonstrate()
  }

  fill(state) {
    this.use([new OwnCard('the model', makeReader(state))])
  }

  use(readers) {
    this.readers = readers
    this.cards.replaceChildren(...readers.map(card => card.element))
    this.read()
  }

  read() {
    let made
    try {
      if (!this.pad.marks.length) return this.nothing(invitation)
      made = prepare(this.pad.pixels(), this.steps.on)
    } catch (error) {
      return this.nothing(sentence(error.message))
    } finally {
      this.steps.show(this.pad.canvas, made?.made)
    }
    const x = Float32Array.from(made.seen, v => v/255), answers = this.readers.map(card => card.read(x))
    this.tell([this.sum(answers), ...this.remarks(made)].join(' '))
  }

  sum([answer]) { return `It is taken for a ${answer}.` }

  remarks({made}) {
    const words = [], off = Object.values(this.steps.on).filter(on => !on).length
    if (this.steps.on.ink && thingsIn(made.strokes) > 1) {
      words.push('There seem to be two things on the pad; they are taken for one digit.')
    }
    if (off) words.push(off === 1 ? 'One step is left out.' : `${off} steps are left out.`)
    return words
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
