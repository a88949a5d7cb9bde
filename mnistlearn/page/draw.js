// Draw a digit, and see each stage of the course read it.
import {cardsFor} from './cards.js'
import {button, choice, h} from './elements.js'
import {imageOfDigit, picture, side} from './marks.js'
import {ReadPanel} from './read.js'

const spoilers = {
  'make it tiny': {scale: .35}, 'into a corner': {scale: .5, right: 48, down: -48}, 'a thick pen': {pen: 2.4},
}

// state: {pair, ten: {means, models, accuracies}, examples: arrays of 784 bytes}
export class DrawPanel extends ReadPanel {
  fill(state) {
    this.state = state
    this.own = [] // the visitor's models
    const which = choice('The first three know', {pair: '3 and 7', ten: 'all ten'}, 'pair', key => this.know(key))
    this.head.append(which.element)
    this.tools.append(this.examples(), this.spoilers())
    this.know('pair')
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
    const lay = () => this.pad.set([picture(image, 25, 25, side - 50, side - 50)])
    return h('button', {type: 'button', class: 'thumb', 'aria-label': `example ${i + 1}`, click: lay}, shown)
  }

  spoilers() {
    const buttons = Object.entries(spoilers).map(([text, how]) => button(text, () => this.pad.change(how)))
    return h('div', {class: 'row'}, h('span', {}, 'spoil it'), ...buttons, button('all steps on', () => this.mend()))
  }

  mend() {
    this.steps.reset()
    this.read()
  }

  sum(answers) {
    const four = answers.slice(0, 4), agree = four.every(name => name === four[0])
    const each = ['the average', 'the linear model', 'the net', 'the convolutions'].map((who, i) => `${who} a ${four[i]}`)
    const words = agree ? `The four agree: a ${four[0]}.` : `They disagree: ${each.join(', ')}.`
    return this.names.includes(four[3]) ? words : `${words} Three of them know only 3 and 7.`
  }
}
