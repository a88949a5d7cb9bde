// From a folder, a browser may not read other pages, so search shows their titles only
if (location.protocol === 'file:') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false

// The page of digits says how high it is, and gets the room
addEventListener('message', ({data, source}) => {
  const frame = document.querySelector('iframe.drawing')
  if (frame && source === frame.contentWindow && data?.pageHeight > 0) frame.style.height = `${Math.ceil(data.pageHeight) + 2}px`
})

// The theme's arrows beside the contents have no words of their own
addEventListener('DOMContentLoaded', () => {
  for (const o of document.querySelectorAll('.toctree-toggle')) o.parentElement.setAttribute('aria-label', 'What stands below it')
})
