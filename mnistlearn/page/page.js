// The whole page: what it holds becomes models and images, and each panel takes its place.
import {argmax, forward, gradients, meanDistance, step} from './arithmetic.js'
import {DrawPanel} from './draw.js'
import {inputsOf} from './folder.js'
import {GraphPanel} from './graph.js'
import {makeModel} from './models.js'
import {asMnist} from './prepare.js'
import {RacePanel} from './race.js'
import {resample} from './resample.js'
import {SlopePanel} from './slope.js'
import {StaircasePanel} from './staircase.js'
import {inflate, readState, tooOld} from './stored.js'
import {TrainPanel} from './train.js'
import {asInputs, initParams, randomNumbers} from './trainer.js'
import {ValleyPanel} from './valley.js'
import {YoursPanel} from './yours.js'

function courseOf(state) {
  const rows = ({data}) => Array.from({length: data.length/784}, (_, i) => data.subarray(784*i, 784*(i + 1)))
  const conv = {...makeModel(state.conv), temperature: state.conv_temperature}
  const stages = ({means, names, linear, net, accuracies}) => ({
    means: Object.fromEntries(rows(means).map((mean, i) => [names[i], mean])),
    models: {linear: makeModel(linear), net: makeModel(net), conv},
    accuracies,
  })
  return {...state, pair: stages(state.pair), ten: stages(state.ten), examples: rows(state.examples)}
}

function staircaseOf({x, y}, n) { // one weight of a model that has learnt nothing yet: the pixel in the middle
  const params = initParams('linear', false, randomNumbers(7)), middle = 14*28 + 14, targets = y.slice(0, n)
  const outputs = Array.from(forward(params, x.subarray(0, 784*n), n).outputs)
  return {outputs, pixel: targets.map((_, i) => x[784*i + middle]), targets, reach: .1}
}

function show(course) {
  const place = name => document.querySelector(`[data-panel="${name}"]`)
  const draw = new DrawPanel(place('draw'), course), train = new TrainPanel(place('train'), course)
  new RacePanel(place('race'), course)
  new SlopePanel(place('slope'), {})
  new ValleyPanel(place('valley'), course.coaster)
  new StaircasePanel(place('staircase'), staircaseOf(asInputs(course.train), course.n_stairs))
  new GraphPanel(place('graph'), {})
  new YoursPanel(place('yours'), {
    onModel: card => draw.addCard(card),
    onTrain: kept => {
      train.learnFrom(inputsOf(kept))
      place('train').scrollIntoView()
    },
    answerFor: bytes => String(argmax([...course.ten.models.conv.outputs(Float32Array.from(bytes, v => v/255))])),
  })
  // For the curious, in the console: `course.pair.models.net.outputs(new Float32Array(784))`
  window.course = {...course, draw, asMnist, meanDistance, parts: {gradients, resample, step}}
}

for (const event of ['dragover', 'drop']) { // beside the pad, a file would be opened in the place of this page
  document.addEventListener(event, e => e.preventDefault())
}
if (window.DecompressionStream) show(courseOf(readState(await inflate(document.querySelector('#inputs').textContent))))
else for (const place of document.querySelectorAll('[data-panel]')) place.textContent = tooOld

// In a frame of another page: how high this one is, so that it needs no bar of its own to scroll by
if (parent !== window) {
  const tell = () => parent.postMessage({pageHeight: document.documentElement.scrollHeight}, '*')
  new ResizeObserver(tell).observe(document.body)
}
