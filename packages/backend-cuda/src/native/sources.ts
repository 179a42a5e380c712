/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '8a635d3f9b3758d5';
