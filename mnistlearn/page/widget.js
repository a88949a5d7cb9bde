// The pad and the collection inside a notebook, where what is drawn goes to Python: `model` is the widget's other half.
import {Pad} from './pad.js'
import {CollectPanel} from './yours.js'

export function render({model, el}) {
  const root = el.attachShadow({mode: 'open'}), style = document.createElement('style')
  style.textContent = model.get('style')
  const place = document.createElement('div')
  root.append(style, place)
  const send = (name, value) => {
    model.set(name, value)
    model.save_changes()
  }
  if (model.get('kind') === 'pad') {
    const pad = new Pad(() => send('drawing', pad.marks.length ? pad.small.toDataURL('image/png') : ''))
    place.append(pad.element)
  } else {
    const asText = pixels => btoa(String.fromCharCode(...pixels))
    new CollectPanel(place, {
      digits: model.get('digits'),
      onKept: kept => send('kept', kept.map(({label, pixels}) => [label, asText(pixels)])),
    })
  }
}
