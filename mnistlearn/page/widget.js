// The pad and the collection inside a notebook, where what is drawn goes to Python: `model` is the widget's other half.
import {Pad} from './pad.js'
import {CollectPanel} from './yours.js'

const asText = pixels => btoa(String.fromCharCode(...pixels))
const asPixels = text => Uint8ClampedArray.from(atob(text), c => c.charCodeAt(0))

export function render({model, el}) { // one view; there may be several of one widget
  const root = el.attachShadow({mode: 'open'}), style = document.createElement('style')
  style.textContent = model.get('style')
  const place = document.createElement('div')
  place.className = 'widget'
  root.append(style, place)
  const send = (name, value) => {
    model.set(name, value)
    model.save_changes()
  }
  if (model.get('kind') === 'pad') {
    let later
    const pad = new Pad(() => {
      clearTimeout(later)
      later = setTimeout(() => send('drawing', pad.marks.length ? pad.small.toDataURL('image/png') : ''), 100)
    })
    place.append(pad.element)
  } else {
    new CollectPanel(place, {
      digits: model.get('digits'),
      kept: model.get('kept').map(([label, text]) => ({label, pixels: asPixels(text)})),
      onKept: kept => send('kept', kept.map(({label, pixels}) => [label, asText(pixels)])),
    })
  }
}
