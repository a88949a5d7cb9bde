// A panel alone, in a frame inside a notebook or on a page of its own.
import {inflate, readState} from './stored.js'

export async function alone(Kind) {
  const state = readState(await inflate(document.querySelector('#inputs').textContent))
  new Kind(document.querySelector('#panel'), state)
  const frame = window.frameElement // none, on a page of its own
  if (!frame) return
  const fit = () => { frame.style.height = `${document.documentElement.offsetHeight + 4}px` }
  new ResizeObserver(fit).observe(document.documentElement)
  fit()
}
