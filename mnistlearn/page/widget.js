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
  place.dataset.lmSuppressShortcuts = 'true' // in JupyterLab, keys are the pad's
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
    const kept = () => model.get('kept').map(([label, text]) => ({label, pixels: asPixels(text)}))
    const panel = new CollectPanel(place, {
      digits: model.get('digits'), kept: kept(),
      onKept: all => send('kept', all.map(({label, pixels}) => [label, asText(pixels)])),
    })
    const renew = () => { // in Python, or in another view, it has changed
      if (model.get('kept').length !== panel.kept.length) panel.replace(kept())
    }
    model.on('change:kept', renew)
    return () => model.off('change:kept', renew)
  }
}
