// Draw a digit, and see each stage of the course read it.
import {cardsFor} from './cards.js'
import {button, choice, h} from './elements.js'
import {fitted, imageOfDigit, picture, side, withThickPen} from './marks.js'
import {ReadPanel} from './read.js'
import {allOn} from './steps.js'

const stages = ['average', 'linear model', 'net', 'convolutions']

const tiny = marks => fitted(marks, 50, [100, 100]), offCentre = marks => fitted(marks, 100, [127, 76])

// What to try: a change to the drawing, and the step without which it goes wrong
const trials = {
  'tiny': [tiny], 'tiny, and not scaled': [tiny, 'scale'],
  'off-centre': [offCentre], 'off-centre, and not centred': [offCentre, 'centre'],
  'very thick': [withThickPen], 'very thick, and left so': [withThickPen, 'pen'],
}

// state: {pair, ten: {means, models, accuracies}, examples: arrays of 784 bytes}
export class DrawPanel extends ReadPanel {
  fill(state) {
    this.state = state
    this.own = [] // the visitor's models
    const kinds = {ten: 'all ten digits', pair: 'only 3 and 7, as in chapters 1 to 7'}
    this.head.append(choice('Models 1 to 3 know', kinds, 'ten', key => this.know(key)).element)
    this.tools.append(this.examples(), this.trials())
    this.know('ten')
  }

  know(key) {
    this.known = key
    this.names = key === 'pair' ? ['3', '7'] : [...'0123456789']
    this.use([...cardsFor(this.state[key], this.names), ...this.own])
  }

  addCard(card) {
    this.own = [card] // the last one
    this.know(this.known)
  }

  examples() {
    const thumbs = this.state.examples.map((bytes, i) => this.example(bytes, i))
    return h('div', {class: 'row'}, h('span', {}, 'start from'), ...thumbs)
  }

  example(bytes, i) {
    const image = imageOfDigit(bytes), shown = imageOfDigit(bytes)
    const lay = () => this.pad.put([picture(image, 25, 25, side - 50, side - 50)])
    return h('button', {type: 'button', class: 'thumb', 'aria-label': `example ${i + 1}`, click: lay}, shown)
  }

  trials() {
    const buttons = Object.entries(trials).map(([text, [how, without]]) => button(text, () => this.attempt(how, without)))
    return h('div', {class: 'row'}, h('span', {}, 'make it'), ...buttons,
      button('as it was', () => this.attempt(marks => marks)))
  }

  attempt(how, without) { // with the drawing as it was before the attempt that is still there
    const {pad} = this, isAttempt = pad.marks === this.attempted
    this.original = isAttempt ? this.original : pad.marks
    this.steps.set({...allOn(), ...without && {[without]: false}})
    if (!this.original.length) return
    const isDemonstration = pad.marks === pad.demonstration
    pad.put(how(this.original))
    this.attempted = pad.marks
    if (isDemonstration) pad.demonstration = pad.marks
  }

  sum(answers) {
    const four = answers.slice(0, 4), agree = four.every(name => name === four[0])
    const words = agree ? `The four agree: a ${four[0]}.` :
      `They disagree: ${stages.map((who, i) => `${who} ${four[i]}`).join(', ')}.`
    return this.names.includes(four[3]) ? words : `${words} (Models 1 to 3 know only 3 and 7.)`
  }
}
