// A pad, what the model sees of the drawing, and what it makes of it.
import {ModelCard} from './cards.js'
import {h, Status} from './elements.js'
import {makeReader} from './models.js'
import {Pad} from './pad.js'
import {refusalOf} from './refusal.js'
import {prepare, Steps, thingsIn} from './steps.js'

const invitation = 'Draw a digit: it is read at every stroke.'

// state: what `Reader.save` of the course writes: {recipe, vocab, accuracy, model}
export class ReadPanel {
  constructor(root, state) {
    this.pad = new Pad(() => this.read())
    this.steps = new Steps(() => this.read())
    this.status = new Status(invitation)
    this.cards = h('div', {class: 'cards'})
    this.head = h('div', {class: 'head'})
    this.tools = h('div', {class: 'tools'})
    root.replaceChildren(h('div', {class: 'reading'}, h('div', {class: 'draw'}, this.pad.element,
      h('div', {class: 'beside'}, this.head, this.status.element, this.steps.element, this.tools)), this.cards))
    this.fill(state)
    this.pad.demonstrate()
  }

  fill(state) {
    this.use([new ModelCard('the model', makeReader(state))])
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
      made = prepare(this.pad.look(), this.steps.on)
    } catch (error) {
      return this.nothing(refusalOf(error))
    } finally {
      this.steps.show(this.pad.small, made?.made)
    }
    this.seen = made.seen
    const x = Float32Array.from(made.seen, v => v/255), answers = this.readers.map(card => card.read(x))
    this.status.say([this.sum(answers), ...this.remarks(made)].join(' '))
  }

  sum([answer]) { return `It is taken for a ${answer}.` }

  remarks({made}) {
    const words = [], off = Object.values(this.steps.on).filter(on => !on).length
    const things = this.steps.on.ink ? thingsIn(made.strokes) : 1
    if (things > 1) words.push(`There seem to be ${things} things on the pad; they are taken for one digit.`)
    if (off) words.push(off === 1 ? 'One step is left out.' : `${off} steps are left out.`)
    return words
  }

  nothing(text) {
    for (const card of this.readers) card.clear()
    this.status.say(text)
  }
}
