// Pictures that follow one another: a slider, and a button that plays them.
import {button, calm, h, setText, slider} from './elements.js'

// state: {frames: images as data URIs, titles, seconds: how long each is shown}
export class FramesPanel {
  constructor(root, {frames, titles, seconds = .3}) {
    Object.assign(this, {frames, titles, seconds})
    this.image = h('img', {class: 'frame', alt: ''})
    this.caption = h('p', {class: 'small'})
    this.place = slider('picture', {min: 0, max: frames.length - 1, value: 0, say: i => `${i + 1} of ${frames.length}`},
      () => this.show())
    this.go = button('play', () => this.play())
    root.replaceChildren(this.image, this.caption, h('div', {class: 'row'}, this.go, this.place.element))
    this.show()
  }

  show() {
    const i = this.place.value
    this.image.src = this.frames[i]
    this.image.alt = this.titles[i]
    setText(this.caption, this.titles[i])
  }

  play() {
    if (this.timer) return this.stop()
    if (this.place.value === this.frames.length - 1) this.place.set(0)
    setText(this.go, 'stop')
    this.timer = setInterval(() => {
      this.place.set(Math.min(this.place.value + 1, this.frames.length - 1))
      this.show()
      if (this.place.value === this.frames.length - 1 || !this.go.isConnected) this.stop()
    }, 1000*(calm() ? Math.max(1, this.seconds) : this.seconds))
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    setText(this.go, 'play')
  }
}
