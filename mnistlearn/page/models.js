// Models as the course keeps them, by the names that PyTorch gives to their weights.
import {convNet, forward} from './arithmetic.js'
import {Refusal} from './refusal.js'

function convLayers(weights) { // chapter 12's: convolution, perhaps pooling, batch norm, ReLU; then a linear layer
  const layers = []
  for (let i = 0; weights[`model.${i}.0.weight`]; i++) {
    const pool = !weights[`model.${i}.1.weight`], at = `model.${i}.${pool ? 2 : 1}`
    const norm = {weight: weights[`${at}.weight`], bias: weights[`${at}.bias`],
                  mean: weights[`${at}.running_mean`], variance: weights[`${at}.running_var`]}
    layers.push({weight: weights[`model.${i}.0.weight`], pool, norm})
  }
  const at = `model.${layers.length + 2}` // after the mean of each channel, and flattening
  return {layers, last: {weight: weights[`${at}.weight`], bias: weights[`${at}.bias`]}}
}

const namesOf = weights => Object.keys(weights).filter(name => !name.endsWith('num_batches_tracked')).sort().join(' ')

export function makeModel(weights) { // -> {kind, params or layers, outputs: a function of 784 pixels 0..1}
  const names = namesOf(weights)
  const small = {
    'bias weight': ['weight', 'bias'],
    '0.bias 0.weight': ['0.weight', '0.bias'],
    '0.bias 0.weight 2.bias 2.weight': ['0.weight', '0.bias', '2.weight', '2.bias'],
  }[names]
  if (small) {
    const params = small.map(name => weights[name]), [units, inputs] = params[0].shape
    if (inputs !== 784) throw new Refusal(`its model takes ${inputs} inputs: expected the 784 pixels of 28 x 28`)
    if (params[2] && params[2].shape[1] !== units) {
      throw new Refusal(`its layers do not fit: ${units} hidden units, and weights for ${params[2].shape[1]}`)
    }
    const kind = params.length === 2 ? 'linear' : 'net'
    return {kind, params, outputs: x => forward(params, x).outputs}
  }
  if (weights['model.0.0.weight']?.shape[1] === 1) {
    const net = convLayers(weights), used = net.layers.length*5 + 2
    const isKnown = net.layers.every(({weight, norm}) => String(weight.shape.slice(2)) === '3,3' && norm.variance)
    if (isKnown && net.last.bias && names.split(' ').length === used) {
      return {kind: 'conv', ...net, read: x => convNet(net, x), outputs: x => convNet(net, x).scores}
    }
  }
  throw new Refusal('it holds a model that this page cannot compute: expected the linear model, the net with one ' +
                    'hidden layer, or a convolutional net of chapter 12 (linear, net, conv-quick, conv, conv-long)')
}

export function makeReader(state) { // of `Reader.save`, `mnistlearn train` or `Learner.save` -> {model, vocab, accuracy}
  if (!state?.model) {
    throw new Refusal('it holds no model: expected what Learner.save, Reader.save or mnistlearn train wrote')
  }
  const model = {...makeModel(state.model), temperature: state.temperature}
  const outputs = model.outputs(new Float32Array(784)), n = outputs.length
  if (!outputs.every(Number.isFinite)) {
    throw new Refusal('some of its weights are no numbers, as after a training at too high a rate')
  }
  const classes = n === 1 ? 2 : n, vocab = state.vocab ?? namesFor(n)
  if (vocab.length !== classes) {
    throw new Refusal(`it has names for ${vocab.length} classes, and outputs for ${classes}`)
  }
  const taken = n === 1 ? '3 (above 0) and 7' : `0 to ${n - 1}`
  const unnamed = state.vocab ? '' : `, with no names in the file: taken for ${taken}`
  return {model, vocab, accuracy: state.accuracy ?? null, note: `${state.recipe ?? model.kind}${unnamed}.`}
}

const namesFor = n => n === 1 ? ['3', '7'] : Array.from({length: n}, (_, i) => String(i))
