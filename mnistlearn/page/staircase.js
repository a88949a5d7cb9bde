// One weight of a linear model, moved: accuracy goes in stairs, the loss on a slope.
import {mnistLoss} from './arithmetic.js'
import {Chart, curveOf, stairs} from './chart.js'
import {h, percent, signed, slider, Status} from './elements.js'

// state: {outputs, pixel, targets: for each image, reach: how far the weight may be moved}
export class StaircasePanel {
  constructor(root, {outputs, pixel, targets, reach}) {
    Object.assign(this, {outputs, pixel, targets})
    const x = [-reach, reach], labels = {xLabel: 'change of one weight', height: 240}
    const points = n => curveOf(move => move, x, n).map(([move]) => [move, this.at(move)])
    const fine = points(400), accuracies = fine.map(([, o]) => o.accuracy), losses = fine.map(([, o]) => o.loss)
    const around = xs => {
      const low = Math.min(...xs), high = Math.max(...xs), room = (high - low)*.15 || .01
      return [low - room, high + room]
    }
    this.stairs = new Chart({title: 'Accuracy: flat, then a jump', x, y: around(accuracies), yLabel: 'right', ...labels})
    this.slope = new Chart({title: 'Loss: a slope everywhere', x, y: around(losses), yLabel: 'loss', ...labels})
    this.lines = {
      stairs: stairs(fine.map(([move, o]) => [move, o.accuracy])), slope: fine.map(([move, o]) => [move, o.loss]),
    }
    const range = {min: -reach, max: reach, step: reach/400, value: 0, say: v => signed(v, 4)}
    this.move = slider('change of the weight', range, () => this.show())
    for (const chart of [this.stairs, this.slope]) {
      chart.onDrag(move => {
        this.move.set(Math.max(-reach, Math.min(reach, move)))
        this.show()
      })
    }
    this.status = new Status()
    const charts = h('div', {class: 'panels'}, this.stairs.element, this.slope.element)
    root.replaceChildren(this.move.element, charts, this.status.element)
    this.show()
  }

  at(move) { // accuracy, loss, and the slope of the loss
    const outputs = this.outputs.map((o, i) => o + move*this.pixel[i])
    const {loss, slopes} = mnistLoss(outputs, this.targets)
    const right = outputs.filter((o, i) => (o > 0) === Boolean(this.targets[i])).length
    return {loss, accuracy: right/outputs.length, slope: slopes.reduce((total, v, i) => total + v*this.pixel[i], 0)}
  }

  show() {
    const move = this.move.value, {accuracy, loss, slope} = this.at(move), reach = .3*this.stairs.x[1]
    this.stairs.show(this.stairs.curve(this.lines.stairs, 'thin'),
      this.stairs.line([[move - reach, accuracy], [move + reach, accuracy]], 'tangent'), this.stairs.dot(move, accuracy))
    this.slope.show(this.slope.curve(this.lines.slope),
      this.slope.line([[move - reach, loss - reach*slope], [move + reach, loss + reach*slope]], 'tangent'),
      this.slope.dot(move, loss))
    const better = slope > 0 ? 'a smaller' : 'a larger'
    this.status.say(`Accuracy ${percent(accuracy, 1)}, slope 0: from where you stand, no hint. ` +
      `Loss ${loss.toFixed(5)}, slope ${signed(slope, 5)}: ${better} weight is better.`)
  }
}
