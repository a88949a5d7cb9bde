// A panel alone, in a frame inside a notebook or on a page of its own.
import {inflate, readState, tooOld} from './stored.js'

export async function alone(Kind) {
  const place = document.querySelector('#panel')
  if (window.DecompressionStream) new Kind(place, readState(await inflate(document.querySelector('#inputs').textContent)))
  else place.textContent = tooOld
  const frame = window.frameElement // none, on a page of its own
  if (!frame) return
  const fit = () => { frame.style.height = `${document.documentElement.offsetHeight + 4}px` }
  new ResizeObserver(fit).observe(document.documentElement)
  fit()
}
