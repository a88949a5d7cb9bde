// From a folder, a browser may not read other pages, so search shows their titles only
if (location.protocol === 'file:') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false
