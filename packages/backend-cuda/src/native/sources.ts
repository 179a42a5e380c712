/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '7de4c5d26a305329';
