// The whole page: what it holds becomes models and images, and each panel takes its place.
import {forward, gradients, meanDistance, step} from './arithmetic.js'
import {DrawPanel} from './draw.js'
import {GraphPanel} from './graph.js'
import {makeModel} from './models.js'
import {asMnist} from './prepare.js'
import {RacePanel} from './race.js'
import {SlopePanel} from './slope.js'
import {StaircasePanel} from './staircase.js'
import {inflate, readState} from './stored.js'
import {TrainPanel} from './train.js'
import {asInputs, initParams, randomNumbers} from './trainer.js'
import {ValleyPanel} from './valley.js'
import {YoursPanel} from './yours.js'

function courseOf(state) {
  const rows = ({data}) => Array.from({length: data.length/784}, (_, i) => data.subarray(784*i, 784*(i + 1)))
  const conv = makeModel(state.conv)
  const stages = ({means, names, linear, net, accuracies}) => ({
    means: Object.fromEntries(rows(means).map((mean, i) => [names[i], mean])),
    models: {linear: makeModel(linear), net: makeModel(net), conv},
    accuracies,
  })
  return {...state, pair: stages(state.pair), ten: stages(state.ten), examples: rows(state.examples)}
}

function staircaseOf({x, y}) { // one weight of a model that has learnt nothing yet: the pixel in the middle
  const params = initParams('linear', false, randomNumbers(7)), middle = 14*28 + 14
  return {outputs: Array.from(forward(params, x, y.length).outputs), pixel: y.map((_, i) => x[784*i + middle]),
          targets: y, reach: .1}
}

const course = courseOf(readState(await inflate(document.querySelector('#inputs').textContent)))
const place = name => document.querySelector(`[data-panel="${name}"]`)

const draw = new DrawPanel(place('draw'), course)
new TrainPanel(place('train'), course)
new RacePanel(place('race'), course)
new SlopePanel(place('slope'), {})
new ValleyPanel(place('valley'), course.coaster)
new StaircasePanel(place('staircase'), staircaseOf(asInputs(course.train)))
new GraphPanel(place('graph'), {})
new YoursPanel(place('yours'), {onModel: card => draw.addCard(card)})

// For the curious, in the console: `course.pair.models.net.outputs(new Float32Array(784))`
window.course = {...course, draw, asMnist, meanDistance, learning: {gradients, step}}
