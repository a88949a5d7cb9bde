// Pictures that follow one another: a slider, and a button that plays them.
import {h, Repeat, setText, slider} from './elements.js'

// state: {frames: images as data URIs, titles, seconds: how long each is shown}
export class FramesPanel {
  constructor(root, {frames, titles, seconds = .3}) {
    Object.assign(this, {frames, titles})
    this.image = h('img', {class: 'frame', alt: ''})
    this.caption = h('p', {class: 'small'})
    this.place = slider('picture', {min: 0, max: frames.length - 1, value: 0, say: i => `${i + 1} of ${frames.length}`},
      () => this.show())
    const times = {every: 1000*seconds, calmly: 1000*Math.max(1, seconds), begin: () => this.rewind()}
    this.play = new Repeat('play', times, () => this.advance())
    root.replaceChildren(this.image, this.caption, h('div', {class: 'row'}, this.play.button, this.place.element))
    this.show()
  }

  show() {
    const i = this.place.value
    this.image.src = this.frames[i]
    this.image.alt = this.titles[i]
    setText(this.caption, this.titles[i])
  }

  get last() { return this.frames.length - 1 }

  rewind() { // from the end to the beginning
    if (this.place.value === this.last) this.place.set(0)
  }

  advance() { // -> is there more to come?
    this.place.set(Math.min(this.place.value + 1, this.last))
    this.show()
    return this.place.value < this.last
  }
}
