// The whole page: what it holds becomes models and images, and each panel takes its place.
import {DrawPanel} from './draw.js'
import {makeModel} from './models.js'
import {asMnist} from './prepare.js'
import {inflate, readState} from './stored.js'

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

const panels = {draw: DrawPanel}
const course = courseOf(readState(await inflate(document.querySelector('#inputs').textContent)))
for (const [name, Kind] of Object.entries(panels)) {
  new Kind(document.querySelector(`[data-panel="${name}"]`), course)
}

// For the curious, in the console: `course.pair.models.net.outputs(new Float32Array(784))`
window.course = {...course, asMnist, readState}
